public import Backup

/// The places that one node's configuration allows; none where it says nothing.
public struct ConfiguredStores: BackupStores {
    private let directory: DirectoryStore?
    private let blobs: BlobStore?
    private let buckets: [S3Store]

    /// Takes what the node's file allows: an address of a kind that is nil or empty here is refused as not allowed.
    public init(directory: DirectoryStore? = nil, blobs: BlobStore? = nil, buckets: [S3Store] = []) {
        self.directory = directory
        self.blobs = blobs
        self.buckets = buckets
    }

    /// The place that an address names; nothing is asked of it yet.
    /// - Throws: ``BackupStoreFault`` for an address that no configured store has.
    public func container(_ address: BackupAddress) throws(BackupStoreFault) -> any BackupContainer {
        guard address.uri.utf8.count <= 1024 else { throw .invalidAddress("it is longer than 1024 bytes") }
        if address.uri.hasPrefix("https://") {
            guard let blobs else { throw .notAllowed("a blob container") }
            return try blobs.container(address)
        }
        guard address.access != .managedIdentity else {
            throw .invalidAddress("a managed identity opens blob containers only")
        }
        if address.uri.hasPrefix("file:") {
            guard let directory else { throw .notAllowed("a directory") }
            return try directory.container(address)
        }
        guard address.uri.hasPrefix("s3://") else {
            throw .invalidAddress("it begins neither with 'https://' nor with 's3://' nor with 'file:///'")
        }
        let place = try S3Place(address.uri)
        guard let store = buckets.first(where: { $0.holds(place) }) else {
            throw .notAllowed("the bucket '\(place.bucket)'")
        }
        return try store.container(place)
    }

    /// Ends the connections.
    public func shutdown() async {
        await blobs?.shutdown()
        for store in buckets { await store.shutdown() }
    }
}
