public import Backup
import CryptographicModule
import StrictJSON

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
        BlobUpload(client: client, url: url(try checked(name)), name: name, container: "container \(address.path)")
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

    private let client: BlobClient
    private let url: String
    private let name: String
    private let container: String
    /// Tells this blob, and its blocks, from those of the same name that somebody else wrote.
    private let mark = Hexadecimal.encode(Random.bytes(16))
    private var pending: [UInt8] = []
    private var blocks: [String] = []

    /// - Parameters:
    ///   - name: of the blob, for errors.
    ///   - container: what it is written to, for errors.
    init(client: BlobClient, url: String, name: String, container: String) {
        (self.client, self.url, self.name, self.container) = (client, url, name, container)
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
        do throws(BackupStoreFault) {
            // Never over a blob that is there: a good backup must not be lost to another.
            try await client.put(url, query: "comp=blocklist", Array(body.utf8), what: container, asNew: mark)
        } catch {
            guard case .exists = error else { throw error }
            try await demandOwn()
        }
    }

    /// Succeeds where the blob that is there is of this upload: the answer to an earlier attempt was lost.
    private func demandOwn() async throws(BackupStoreFault) {
        let found: String?
        do throws(BackupStoreFault) {
            found = try await client.mark(of: url, what: "blob '\(name)'")
        } catch {
            let why =
                switch error {
                case .denied(let code, _): code
                case .unreachable(let code), .failed(let code), .identityUnavailable(let code): code
                default: error.code
                }
            throw .exists("blob '\(name)' (whether it is this backup can't be read: \(why))")
        }
        guard found == mark else { throw .exists("blob '\(name)'") }
    }

    /// Blocks without a list are removed by the service.
    func abandon() {
        pending = []
        blocks = []
    }

    private func putBlock() async throws(BackupStoreFault) {
        guard blocks.count < Self.mostBlocks else { throw .failed("the backup has more than 50,000 blocks") }
        let identifier = Self.identifier(blocks.count, of: mark)
        let block = pending
        pending = []
        blocks.append(identifier)
        try await client.put(url, query: "comp=block&blockid=\(identifier)", block, what: container)
    }

    /// Five letters or digits by the mark and three by the number: Base64, without a character that a query has to
    /// escape. As long as a former version's, since the service takes one length only for all blocks of a name, and
    /// those of a node that died stay there for a week.
    static func identifier(_ number: Int, of mark: String) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
        let upload = Int(mark.prefix(8), radix: 16) ?? 0
        // 62 to the power of 3.
        var rest = upload * 238_328 + number
        var identifier: [UInt8] = []
        for _ in 0..<8 {
            identifier.append(alphabet[rest % 62])
            rest /= 62
        }
        return String(decoding: identifier, as: UTF8.self)
    }
}
