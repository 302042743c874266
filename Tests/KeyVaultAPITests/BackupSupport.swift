import Backup
import HTTPTransport
import KeyVaultAPI
import ManagementAPI
import PoolState
import RequestTesting
import StrictJSON
import Synchronization

/// The state of an in-memory pool, as a disk would hold it.
final class MemoryState: StateSource {
    private final class Cursor: StateCursor {
        let index: UInt64
        let term: UInt64 = 1
        let root: [UInt8]
        private let pieces: Mutex<[[BackupItem]]>

        init(_ view: PoolView, _ items: [BackupItem]) {
            index = view.appliedIndex
            root = view.state.root
            pieces = Mutex(
                stride(from: 0, to: items.count, by: 7).map { Array(items[$0..<min($0 + 7, items.count)]) })
        }

        func next() async throws(StateSourceFault) -> [BackupItem]? {
            pieces.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        }
    }

    private let held: Mutex<InMemoryPool?>

    init(_ pool: InMemoryPool?) { held = Mutex(pool) }

    func use(_ pool: InMemoryPool) { held.withLock { $0 = pool } }

    func open() async throws(StateSourceFault) -> any StateCursor {
        guard let pool = held.withLock({ $0 }) else { throw StateSourceFault("there is no disk") }
        let stored = pool.stored
        var items: [BackupItem] = []
        for row in stored.rows {
            if let value = row.value { items.append(.row(table: row.table, key: row.key, value: value)) }
        }
        return Cursor(stored.view, items + stored.blobs.map { .blob($0) })
    }
}

/// Containers in memory. While they are shut, whoever uses one waits.
final class MemoryStores: BackupStores {
    struct Content {
        var objects: [String: [UInt8]] = [:]
        var fault: BackupStoreFault?
        var held: Set<String> = []
        var isShut = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    let content = Mutex(Content())

    func container(_ address: BackupAddress) throws(BackupStoreFault) -> any BackupContainer {
        guard address.uri.hasPrefix("https://store.example/") else { throw .notAllowed("this host") }
        guard address.token == "sig=good" else { throw .tokenMissing }
        return MemoryContainer(uri: address.uri, stores: self)
    }

    var objects: [String: [UInt8]] {
        get { content.withLock { $0.objects } }
        set { content.withLock { $0.objects = newValue } }
    }

    func fail(with fault: BackupStoreFault?) { content.withLock { $0.fault = fault } }

    /// What is in this folder can't be removed any more.
    func hold(_ folder: String) { content.withLock { _ = $0.held.insert(folder) } }

    func shut() { content.withLock { $0.isShut = true } }

    func open() {
        let waiting = content.withLock { content in
            defer { (content.isShut, content.waiting) = (false, []) }
            return content.waiting
        }
        for one in waiting { one.resume() }
    }

    func pass() async throws(BackupStoreFault) {
        await withCheckedContinuation { continuation in
            let mustWait = content.withLock { content in
                if content.isShut { content.waiting.append(continuation) }
                return content.isShut
            }
            if !mustWait { continuation.resume() }
        }
        if let fault = content.withLock({ $0.fault }) { throw fault }
    }
}

private struct MemoryContainer: BackupContainer {
    let uri: String
    let stores: MemoryStores

    func probe() async throws(BackupStoreFault) { try await stores.pass() }

    func create(_ name: String) async throws(BackupStoreFault) -> any BackupUpload {
        try await stores.pass()
        return MemoryUpload(name: name, stores: stores)
    }

    func read(_ name: String, from offset: UInt64, count: Int) async throws(BackupStoreFault) -> [UInt8] {
        try await stores.pass()
        guard let object = stores.objects[name] else { throw .notFound("backup '\(name)'") }
        return Array(object.dropFirst(Int(offset)).prefix(count))
    }

    func remove(folder: String, object: String) async throws(BackupStoreFault) {
        try await stores.pass()
        guard stores.content.withLock({ !$0.held.contains(folder) }) else { throw .failed("it is on hold") }
        stores.objects["\(folder)/\(object)"] = nil
    }
}

private actor MemoryUpload: BackupUpload {
    private let name: String
    private let stores: MemoryStores
    private var bytes: [UInt8] = []

    init(name: String, stores: MemoryStores) { (self.name, self.stores) = (name, stores) }

    func append(_ bytes: [UInt8]) async throws(BackupStoreFault) {
        try await stores.pass()
        self.bytes += bytes
    }

    func finish() async throws(BackupStoreFault) { stores.objects[name] = bytes }

    func abandon() { bytes = [] }
}

/// A pool of one that may be backed up into memory.
struct BackedPool {
    let pool: TestPool
    let stores: MemoryStores
    let desk: BackupDesk

    init(_ stores: MemoryStores = MemoryStores(), phase: PoolPhase = .activated) throws {
        self.stores = stores
        let state = MemoryState(nil)
        desk = BackupDesk(node: 1, stores: stores, source: state)
        pool = try TestPool(
            KeyVaultEndpoints.all(restoring: API.UnsealedNode(), backups: desk)
                + ManagementEndpoints.all(node: API.Node()),
            phase: phase)
        state.use(pool.pool)
    }

    static let container = #""storageResourceUri":"https://store.example/hsm","token":"sig=good""#

    func begin(_ method: String, _ path: String, _ folder: (String, String)? = nil) async throws -> Answer {
        let body =
            folder.map { #"{"sasTokenParameters":{\#(Self.container)},"\#($0.0)":"\#($0.1)"}"# }
            ?? "{\(Self.container)}"
        return try await pool.call(.administrator, method == "POST" ? .post : .put, path, body)
    }

    /// Asks for a job's status until it has ended.
    func end(_ begun: Answer) async throws -> Answer {
        let url = begun.header("azure-asyncoperation") ?? ""
        guard begun.status == 202, url.hasPrefix(TestPool.base + "/") else { throw TestFailure(begun.text) }
        while true {
            let bearer = ("authorization", "Bearer " + (try pool.token(.administrator)))
            let answer = await pool.send(.get, String(url.dropFirst(TestPool.base.count)), headers: [bearer])
            guard answer.json?.string("status") == "InProgress" else { return answer }
            await Task.yield()
        }
    }

    /// Backs the pool up and returns the folder.
    func backup() async throws -> String {
        let done = try await end(try await begin("POST", "/backup"))
        guard done.json?.string("status") == "Succeeded" else { throw TestFailure(done.text) }
        let place = done.json?.string("azureStorageBlobContainerUri") ?? ""
        return String(place.split(separator: "/").last ?? "")
    }

    func restore(_ folder: String, key: String? = nil) async throws -> Answer {
        let path = key.map { "/keys/\($0)/restore" } ?? "/restore"
        return try await end(try await begin("PUT", path, (key == nil ? "folderToRestore" : "folder", folder)))
    }
}
