/// Where a backup goes to, or comes from, as a request names it.
public struct BackupAddress: Hashable, Sendable {
    /// The URI of a container.
    public let uri: String
    /// What authorises access to the container. A secret: in no record, error or log.
    public let token: String?

    public init(uri: String, token: String?) {
        self.uri = uri
        self.token = token
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

    /// The folders in it, in no order; nil where the place doesn't tell.
    func folders() async throws(BackupStoreFault) -> [String]?

    /// Removes an object, and its folder if that is empty then.
    func remove(folder: String, object: String) async throws(BackupStoreFault)

    /// Begins an object. It is there as a whole or not at all.
    func create(_ name: String) async throws(BackupStoreFault) -> any BackupUpload

    /// Up to `count` bytes from this place on; fewer only where the object ends.
    func read(_ name: String, from offset: UInt64, count: Int) async throws(BackupStoreFault) -> [UInt8]
}

extension BackupContainer {
    public func folders() async throws(BackupStoreFault) -> [String]? { nil }

    public func remove(folder: String, object: String) async throws(BackupStoreFault) {
        throw .failed("nothing is removed from this kind of place")
    }
}

/// An object that is being written.
public protocol BackupUpload: Sendable {
    func append(_ bytes: [UInt8]) async throws(BackupStoreFault)
    /// Makes the object visible, and durable.
    func finish() async throws(BackupStoreFault)
    /// Drops what was written.
    func abandon() async
}

/// Why a place can't be used.
public enum BackupStoreFault: Error, Hashable, Sendable {
    /// The address isn't one of a container or an object.
    case invalidAddress(String)
    /// The node isn't configured to use this place.
    case notAllowed(String)
    /// The place wants a token, and the request has none.
    case tokenMissing
    /// The place refused the token, or the token doesn't permit this.
    case denied(String)
    case notFound(String)
    /// An object of this name is there already.
    case exists(String)
    /// The place has no room.
    case full
    /// No answer, or not a useful one, after several attempts.
    case unreachable(String)
    case failed(String)
}

extension BackupStoreFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .invalidAddress(let why): "The address of the container can't be used: \(why)."
        case .notAllowed(let what):
            "This node isn't configured to use \(what). An operator allows places under 'backups' in the node's file."
        case .tokenMissing: "The container needs a SAS token, and the request has none."
        case .denied(let code): "The container refused the SAS token (\(code)): it is wrong, expired, or permits less."
        case .notFound(let what): "There is no \(what)."
        case .exists(let what): "There is a \(what) already."
        case .full: "There is no room left."
        case .unreachable(let why): "The container can't be reached: \(why)."
        case .failed(let why): "The container failed: \(why)."
        }
    }

    /// The word that clients see in an operation's error.
    public var code: String {
        switch self {
        case .invalidAddress, .notAllowed: "InvalidStorageLocation"
        case .tokenMissing, .denied: "StorageAccessDenied"
        case .notFound: "BackupNotFound"
        case .exists: "BackupExists"
        case .full: "StorageFull"
        case .unreachable, .failed: "StorageUnavailable"
        }
    }
}

/// What every store accepts as a path: segments that mean the same to all of them.
public enum BackupPath {
    /// - Parameter path: segments with `/` between them.
    /// - Returns: nil unless there are 1 to 16 segments of 1 to 128 letters, digits, `-`, `_`, `.`, `$` each, none of
    ///   them `.` or `..`.
    public static func segments(_ path: Substring) -> [String]? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (1...16).contains(parts.count), parts.allSatisfy(isPlain) else { return nil }
        return parts
    }

    public static func segments(_ path: String) -> [String]? { segments(path[...]) }

    private static func isPlain(_ segment: String) -> Bool {
        (1...128).contains(segment.utf8.count) && segment != "." && segment != ".."
            && segment.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "a")...UInt8(ascii: "z"):
                    true
                default: "-_.$".utf8.contains(byte)
                }
            }
    }
}
