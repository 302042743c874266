public import Backup
import CryptographicModule
import StrictJSON

/// Buckets of S3-compatible services, opened with the node's own credentials.
public struct S3Store: Sendable {
    private let service: S3Service
    private let credentials: @Sendable () throws(BackupStoreFault) -> S3Credentials
    private let store: StoreClient

    /// - Parameters:
    ///   - authorityFile: PEM of the authorities that sign the service's certificate; nil for the system's.
    ///   - attempts: how often a request is sent at most.
    ///   - credentials: reads them; called for each job, so that they can be replaced while the node runs.
    public init(
        _ service: S3Service, authorityFile: String? = nil, attempts: RequestAttempts = .usual,
        credentials: @escaping @Sendable () throws(BackupStoreFault) -> S3Credentials
    ) throws(BackupStoreFault) {
        self.service = service
        self.credentials = credentials
        store = StoreClient(
            tls: try StoreClient.tls(authorityFile: authorityFile), attempts: attempts, sending: service.partBytes)
    }

    func holds(_ place: S3Place) -> Bool { service.buckets.contains(place.bucket) }

    func container(_ place: S3Place) throws(BackupStoreFault) -> any BackupContainer {
        S3Container(
            place: place,
            client: S3Client(
                service: service, bucket: place.bucket, credentials: try credentials(), store: store))
    }

    func shutdown() async { await store.shutdown() }
}

/// One place in a bucket.
struct S3Container: BackupContainer {
    let place: S3Place
    let client: S3Client

    var uri: String { place.uri }

    /// An upload that is begun and dropped is no object at any time.
    func probe() async throws(BackupStoreFault) {
        let key = place.key("quorate-probe")
        let upload = try await client.beginUpload(key, mark: "probe")
        try await client.abortUpload(key, upload: upload)
    }

    func create(_ name: String) async throws(BackupStoreFault) -> any BackupUpload {
        S3Upload(client: client, key: place.key(try checked(name)))
    }

    func read(_ name: String, from offset: UInt64, count: Int) async throws(BackupStoreFault) -> [UInt8] {
        guard count > 0 else { return [] }
        return try await client.get(
            place.key(try checked(name)), range: offset...(offset + UInt64(count) - 1), what: "backup '\(name)'")
    }

    func remove(folder: String, object: String) async throws(BackupStoreFault) {
        try await client.remove(place.key(try checked("\(folder)/\(object)")))
    }

    private func checked(_ name: String) throws(BackupStoreFault) -> String {
        guard BackupPath.segments(name) != nil else { throw .invalidAddress("the folder's name isn't plain") }
        return name
    }
}

/// An object that is being written: in one request where it is small, else in parts, of which each is sent again by
/// itself where its request fails.
actor S3Upload: BackupUpload {
    /// What these stores take.
    private static let mostParts = 10_000

    private let client: S3Client
    private let key: String
    /// Tells this object from one of the same name that somebody else wrote.
    private let mark = Hexadecimal.encode(Random.bytes(16))
    private var pending: UploadParts
    private var upload: String?
    private var tags: [String] = []

    init(client: S3Client, key: String) {
        (self.client, self.key) = (client, key)
        pending = UploadParts(size: client.service.partBytes)
    }

    func append(_ bytes: [UInt8]) async throws(BackupStoreFault) {
        pending.append(bytes)
        while let part = pending.next() { try await put(part) }
    }

    func finish() async throws(BackupStoreFault) {
        do throws(BackupStoreFault) {
            guard let upload else { return try await client.put(key, pending.rest, mark: mark) }
            if !pending.rest.isEmpty { try await put(pending.takeRest()) }
            try await client.completeUpload(key, upload: upload, tags: tags)
        } catch {
            guard await isOwn(error) else { throw error }
        }
        upload = nil
    }

    /// Whether the object is there and of this upload: the answer to an earlier attempt was lost.
    private func isOwn(_ fault: BackupStoreFault) async -> Bool {
        switch fault {
        case .exists, .notFound:
            // Where it can't be asked either, the first failure is the one to tell.
            (try? await client.mark(of: key)) == mark
        default: false
        }
    }

    /// Parts that can't be dropped now are left to the bucket's rule for unfinished uploads.
    func abandon() async {
        _ = pending.takeRest()
        tags = []
        guard let upload else { return }
        self.upload = nil
        try? await client.abortUpload(key, upload: upload)
    }

    private func put(_ part: [UInt8]) async throws(BackupStoreFault) {
        guard tags.count < Self.mostParts else { throw .failed("the backup has more than 10,000 parts") }
        let id = try await begun()
        tags.append(try await client.putPart(key, upload: id, number: tags.count + 1, part))
    }

    private func begun() async throws(BackupStoreFault) -> String {
        if let upload { return upload }
        let id = try await client.beginUpload(key, mark: mark)
        upload = id
        return id
    }
}

/// What waits to be sent, in parts of one size: some stores take no others, but for the last.
struct UploadParts {
    let size: Int
    /// What is less than a part.
    private(set) var rest: [UInt8] = []

    init(size: Int) { self.size = size }

    mutating func append(_ bytes: [UInt8]) { rest.append(contentsOf: bytes) }

    /// A whole part, where there is one.
    mutating func next() -> [UInt8]? {
        guard rest.count >= size else { return nil }
        let after = Array(rest.dropFirst(size))
        // A part may be large: it isn't copied.
        rest.removeLast(after.count)
        defer { rest = after }
        return rest
    }

    mutating func takeRest() -> [UInt8] {
        defer { rest = [] }
        return rest
    }
}
