/// What opens a container, beside what the node's file names.
public enum BackupAccess: Hashable, Sendable {
    case none
    /// A secret: in no record, error or log.
    case token(String)
    /// The identity that a cloud gave the node's machine.
    case managedIdentity
}

/// Where a backup goes to, or comes from, as a request names it.
public struct BackupAddress: Hashable, Sendable {
    /// The URI of a container.
    public let uri: String
    /// What opens it, beside what the node's file names.
    public let access: BackupAccess

    public init(uri: String, access: BackupAccess) {
        self.uri = uri
        self.access = access
    }

    /// - Parameter token: nil or empty where none is given.
    public init(uri: String, token: String?) {
        self.init(uri: uri, access: token.flatMap { $0.isEmpty ? nil : .token($0) } ?? .none)
    }

    /// What authorises access to the container, where it is that.
    public var token: String? {
        guard case .token(let token) = access else { return nil }
        return token
    }
}

/// The places that this node may use.
public protocol BackupStores: Sendable {
    /// Finds out, without connecting to anything, whether the node may use a place.
    func container(_ address: BackupAddress) throws(BackupStoreFault) -> any BackupContainer
}

/// A place for backups, each in a folder of its own. Names of objects are relative, with `/` between their segments.
public protocol BackupContainer: Sendable {
    /// The container's URI, without credentials.
    var uri: String { get }

    /// Finds out whether something can be written here; leaves nothing behind.
    func probe() async throws(BackupStoreFault)

    /// Removes an object, and its folder if that is empty then. Does nothing where there is no such object: after a
    /// lost answer it is called again.
    func remove(folder: String, object: String) async throws(BackupStoreFault)

    /// Begins an object. It is there as a whole or not at all.
    func create(_ name: String) async throws(BackupStoreFault) -> any BackupUpload

    /// Up to `count` bytes from this place on; fewer only where the object ends.
    func read(_ name: String, from offset: UInt64, count: Int) async throws(BackupStoreFault) -> [UInt8]
}

/// An object that is being written.
public protocol BackupUpload: Sendable {
    func append(_ bytes: [UInt8]) async throws(BackupStoreFault)
    /// Makes the object visible, and durable.
    func finish() async throws(BackupStoreFault)
    /// Drops what was written.
    func abandon() async
}
