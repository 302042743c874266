public import Backup

/// Containers of blob services that speak the protocol of Azure Blob Storage, by shared access signature or by the
/// node's managed identity.
public struct BlobStore: Sendable {
    private let allowed: AllowedHosts
    private let identity: ManagedIdentity?
    private let store: StoreClient

    /// - Parameters:
    ///   - identity: where the node has one. It is shown to allowed hosts only.
    ///   - authorityFile: PEM of the authorities that sign these hosts' certificates; nil for the system's.
    ///   - attempts: how often a request is sent at most.
    public init(
        allowed: AllowedHosts, identity: ManagedIdentity? = nil, authorityFile: String? = nil,
        attempts: RequestAttempts = .usual
    ) throws(BackupStoreFault) {
        self.allowed = allowed
        self.identity = identity
        store = StoreClient(
            tls: try StoreClient.tls(authorityFile: authorityFile), attempts: attempts, sending: BlobUpload.blockSize)
    }

    func container(_ address: BackupAddress) throws(BackupStoreFault) -> any BackupContainer {
        let blob = try BlobAddress(address.uri)
        guard allowed.allow(blob) else { throw .notAllowed("the host \(blob.host):\(blob.port)") }
        return BlobContainer(address: blob, client: BlobClient(store: store, access: try access(address.access)))
    }

    private func access(_ given: BackupAccess) throws(BackupStoreFault) -> BlobAccess {
        switch given {
        case .managedIdentity:
            guard let identity else { throw .notAllowed("a managed identity") }
            return .identity(identity)
        case .none: throw .tokenMissing
        case .token(let text):
            guard let token = SharedAccessSignature.read(text) else {
                throw .invalidAddress("the token isn't a shared access signature")
            }
            return .signature(token)
        }
    }

    func shutdown() async {
        await store.shutdown()
        await identity?.shutdown()
    }
}

/// One container.
struct BlobContainer: BackupContainer {
    let address: BlobAddress
    let client: BlobClient

    var uri: String { address.uri }

    /// A block that is never listed disappears by itself and is no blob meanwhile.
    func probe() async throws(BackupStoreFault) {
        try await client.put(
            url("quorate-probe"), query: "comp=block&blockid=AAAAAA%3D%3D", [0], what: "container \(address.path)")
    }

    func create(_ name: String) async throws(BackupStoreFault) -> any BackupUpload {
        BlobUpload(container: self, name: try checked(name))
    }

    func read(_ name: String, from offset: UInt64, count: Int) async throws(BackupStoreFault) -> [UInt8] {
        guard count > 0 else { return [] }
        return try await client.get(
            url(try checked(name)), range: offset...(offset + UInt64(count) - 1), what: "backup '\(name)'")
    }

    func remove(folder: String, object: String) async throws(BackupStoreFault) {
        try await client.remove(url(try checked("\(folder)/\(object)")), what: "backup '\(folder)'")
    }

    private func checked(_ name: String) throws(BackupStoreFault) -> String {
        guard BackupPath.segments(name) != nil else { throw .invalidAddress("the folder's name isn't plain") }
        return name
    }

    /// - Parameter name: plain, so that nothing in it needs escaping.
    func url(_ name: String) -> String { "\(address.uri)/\(name)" }
}

/// A block blob that is being written: it appears when the list of its blocks is put.
actor BlobUpload: BackupUpload {
    static let blockSize = 4 << 20
    /// What the service takes.
    private static let mostBlocks = 50_000

    private let container: BlobContainer
    private let name: String
    private var pending: [UInt8] = []
    private var blocks: [String] = []

    init(container: BlobContainer, name: String) {
        (self.container, self.name) = (container, name)
    }

    func append(_ bytes: [UInt8]) async throws(BackupStoreFault) {
        pending.append(contentsOf: bytes)
        guard pending.count >= Self.blockSize else { return }
        try await putBlock()
    }

    func finish() async throws(BackupStoreFault) {
        if !pending.isEmpty { try await putBlock() }
        let list = blocks.map { "<Latest>\($0)</Latest>" }.joined()
        let body = "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>\(list)</BlockList>"
        // Never over a blob that is there: a good backup must not be lost to another.
        try await container.client.put(
            container.url(name), query: "comp=blocklist", Array(body.utf8),
            what: "container \(container.address.path)", onlyIfNew: true)
    }

    /// Blocks without a list are removed by the service.
    func abandon() {
        pending = []
        blocks = []
    }

    private func putBlock() async throws(BackupStoreFault) {
        guard blocks.count < Self.mostBlocks else { throw .failed("the backup has more than 50,000 blocks") }
        let identifier = Self.identifier(blocks.count)
        let block = pending
        pending = []
        blocks.append(identifier)
        try await container.client.put(
            container.url(name), query: "comp=block&blockid=\(identifier)", block,
            what: "container \(container.address.path)")
    }

    /// Base64 of `b` and five decimal digits: always as long, as the service wants it, and without a character that
    /// a query has to escape.
    private static func identifier(_ number: Int) -> String {
        let digits = String(number)
        let text = Array(("b" + String(repeating: "0", count: 5 - digits.count) + digits).utf8)
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var encoded: [UInt8] = []
        for start in stride(from: 0, to: text.count, by: 3) {
            let word = Int(text[start]) << 16 | Int(text[start + 1]) << 8 | Int(text[start + 2])
            for shift in [18, 12, 6, 0] { encoded.append(alphabet[word >> shift & 63]) }
        }
        return String(decoding: encoded, as: UTF8.self)
    }
}
