public import Backup

/// The places that one node's configuration allows; none where it says nothing.
public struct ConfiguredStores: BackupStores {
    private let directory: DirectoryStore?
    private let blobs: BlobStore?

    public init(directory: DirectoryStore? = nil, blobs: BlobStore? = nil) {
        self.directory = directory
        self.blobs = blobs
    }

    public func container(_ address: BackupAddress) throws(BackupStoreFault) -> any BackupContainer {
        guard address.uri.utf8.count <= 1024 else { throw .invalidAddress("it is longer than 1024 bytes") }
        if address.uri.hasPrefix("file:") {
            guard let directory else { throw .notAllowed("a directory") }
            return try directory.container(address)
        }
        guard address.uri.hasPrefix("https://") else {
            throw .invalidAddress("it begins neither with 'https://' nor with 'file:///'")
        }
        guard let blobs else { throw .notAllowed("a blob container") }
        return try blobs.container(address)
    }

    /// Ends the connections.
    public func shutdown() async { await blobs?.shutdown() }
}
