import CryptographicModule
import Foundation
import NIOHTTP1
import StrictJSON

/// Runs a scenario against pools of its own, and reports what happened, whatever that was.
final class DrillRun {
    static let patience = DrillMeasurement.patience

    private let scenario: DrillScenario
    let place: ScratchPlace
    private let binaries: String
    private let writer = DrillWriter(prefix: "written")
    private let measurement: DrillMeasurement
    private(set) var pool: ScratchPool
    private var keys: DrillKeys?
    /// Folder of the newest backup in its container.
    private var backup: String?
    /// The nodes that have no room on their disks.
    var fullDisks: Set<Int> = []
    /// Those in office, and those before them.
    var officers: DrillOfficers
    var formerOfficers: DrillOfficers?

    /// - Parameters:
    ///   - place: this drill's alone.
    ///   - binaries: the folder of hsmd and hsmctl.
    init(_ scenario: DrillScenario, place: ScratchPlace, binaries: String) throws {
        self.scenario = scenario
        self.place = place
        self.binaries = binaries
        measurement = DrillMeasurement(DrillReport(scenario))
        pool = ScratchPool(
            try Self.plan(
                scenario, place.folder, binaries, name: "drill", administrator: Self.administrator(place.folder)),
            place.programs)
        officers = DrillOfficers(base: pool.plan.shared + "/officer", file: pool.plan.domainFile)
        place.add(pool)
    }

    // MARK: The whole

    /// Goes through the steps. The pool that is left runs on, so that it can sign.
    func run() async -> DrillReport {
        do {
            try ScratchFiles.makeShared(place.folder, place.programs)
            try await startFirstPool()
            for step in scenario.steps {
                note(step.description)
                try await perform(step)
            }
        } catch {
            measurement.fail(error)
        }
        await writer.stop()
        return measurement.finish(answered: writer.writes.count)
    }

    /// The pool that is left, where one is.
    var survivor: ConnectionOptions? { pool.living.isEmpty ? nil : try? pool.connection() }

    func note(_ text: String, detail: String? = nil) { measurement.note(text, detail: detail) }

    // MARK: Pools

    private static func administrator(_ folder: String) throws -> ScratchPlan.Administrator {
        let secret = Base64URL.encode(Random.bytes(32))
        var file = try SecretFile(creating: folder + "/administrator.secret")
        try file.store(Array(secret.utf8))
        return ScratchPlan.Administrator(
            objectID: GUIDText.random(), clientID: GUIDText.random(), file: folder + "/administrator.secret",
            digest: Hexadecimal.encode(Digest.sha256(Array(secret.utf8))))
    }

    private static func plan(
        _ scenario: DrillScenario, _ folder: String, _ binaries: String, name: String,
        administrator: ScratchPlan.Administrator, firstID: Int = 1
    ) throws -> ScratchPlan {
        ScratchPlan(
            name: name, nodes: scenario.nodes, firstID: firstID, port: try FreePorts.first(of: 2 * scenario.nodes),
            folder: "\(folder)/\(name)", shared: folder, binaries: binaries, administrator: administrator,
            pinsOfficers: firstID == 1, hasSmallDisks: scenario.fillsDisks)
    }

    private func startFirstPool() async throws {
        try pool.start()
        try await wait(for: "the pool to be unsealed") { $0.text("seal") == "unsealed" }
        try command(
            ["security-domain", "download", "--required", "2", "--out", pool.plan.domainFile]
                + ScratchFiles.officers.flatMap { ["--officer", pool.plan.officer($0) + ".crt"] })
        for role in ["Managed HSM Crypto User", "Managed HSM Crypto Officer"] {
            try command(
                ["role", "assignment", "create", "--role", role, "--scope", "/", "--assignee",
                 pool.plan.administrator.objectID])
        }
        let count = scenario.keys
        keys = try await PoolClient.with(try pool.connection()) { try await DrillKeys(count: count, $0) }
        note("a pool of \(scenario.nodes) nodes with \(count) keys is there")
    }

    func wait(for what: String, _ isReached: (JSONObject) -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(Self.patience)
        let connection = try pool.connection()
        try await PoolClient.with(connection, authenticated: false) { client in
            while true {
                let healths = await client.transport.healths(client.endpoints).map { try? $0.health.get() }
                if healths.allSatisfy({ $0.map(isReached) ?? false }) { return }
                guard ContinuousClock.now < deadline else {
                    throw ClientError.unavailable("waited \(Int(Self.patience)) s for \(what)")
                }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    /// The same of one node.
    func wait(for what: String, at endpoint: String, _ isReached: (JSONObject) throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(Self.patience)
        try await PoolClient.with(try pool.connection(), authenticated: false) { client in
            while true {
                if let health = try? await client.transport.health(endpoint), try isReached(health) { return }
                guard ContinuousClock.now < deadline else {
                    throw ClientError.unavailable("waited \(Int(Self.patience)) s for \(what)")
                }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    /// The number of the node that leads, by what nodes with room on their disks say.
    func leader() async throws -> Int {
        var found: Int?
        let numbers = pool.living.filter { !fullDisks.contains($0) }
        let connection = try pool.connection(to: numbers)
        let deadline = ContinuousClock.now + .seconds(Self.patience)
        while found == nil {
            guard ContinuousClock.now < deadline else { throw ClientError.unavailable("no node leads") }
            let healths = try await PoolClient.with(connection, authenticated: false) { client in
                await client.transport.healths(client.endpoints).map { try? $0.health.get() }
            }
            found = zip(numbers, healths).first { $0.1?.text("role") == "leader" }?.0
        }
        return found ?? numbers[0]
    }

    /// Runs a command that has to succeed, and notes it.
    @discardableResult
    func command(_ arguments: [String]) throws -> String {
        let output = try pool.succeed(arguments).output
        note("done", detail: ScratchPool.shown(arguments))
        return output
    }

    // MARK: Steps

    private func perform(_ step: DrillScenario.Step) async throws {
        if step.isIncident { measurement.incidentBegins() }
        switch step {
        case .writesStart: try await startWriting()
        case .writesStop: await writer.stop()
        case .backUp: try takeBackup()
        case .kill(let victims): try await kill(victims)
        case .destroyPool: try destroy()
        case .newPool: try await build()
        case .officers(let numbers): try await bring(numbers)
        case .reshare: try await reshare()
        case .powerOff: try await powerOff()
        case .open(let numbers): try await open(numbers)
        case .formerOfficersAreRefused: try demandRefusalOfFormerOfficers()
        case .restoreEverything: try restore([])
        case .restoreKey(let name): try restore(["--key", name])
        case .restoreIsRefused: try demandRefusal()
        case .deleteKey(let name):
            try command(["key", "delete", name])
            try command(["key", "purge", name, "--yes"])
        case .corruptBackup(let damage): try corrupt(damage)
        case .fillDisk(let victim): try await fillDisk(of: victim)
        case .freeDisks: try freeDisks()
        case .verify, .verifyOthers: try await verify()
        }
    }

    private func startWriting() async throws {
        writer.start(try pool.connection())
        try await writer.awaitWrites(3)
    }

    private func kill(_ victims: DrillScenario.Victims) async throws {
        let count = victims == .leader ? 1 : (scenario.nodes - 1) / 2
        let first = try await leader()
        let numbers = [first] + pool.living.filter { $0 != first }
        measurement.serviceIsLost()
        for number in numbers.prefix(count) {
            pool.kill(number)
            note("node-\(number) is dead")
        }
    }

    private func destroy() throws {
        measurement.serviceIsLost()
        pool.remove()
        do {
            try FileManager.default.removeItem(atPath: pool.plan.folder)
        } catch {
            throw ClientError.unreadable("\(pool.plan.folder) can't be removed: \(error.localizedDescription)")
        }
    }

    /// On other ports, with other ids, keys and certificates.
    private func build() async throws {
        pool = ScratchPool(
            try Self.plan(
                scenario, place.folder, binaries, name: "drill-new", administrator: pool.plan.administrator,
                firstID: 11),
            place.programs)
        place.add(pool)
        try pool.start()
        try await wait(for: "the new pool to be unsealed") { $0.text("seal") == "unsealed" }
    }

    private func bring(_ officers: [Int]) async throws {
        let endpoint = pool.plan.endpoint(of: 1)
        for (position, officer) in officers.enumerated() {
            let files = pool.plan.officer(officer)
            try command(
                ["security-domain", "upload", "--endpoint", endpoint, "--security-domain", pool.plan.domainFile,
                 "--officer", "\(files).crt:\(files).key", "--node-certificate", pool.plan.folder(of: 1) + "/node.crt"]
                    + (position == 0 ? [] : ["--take-part"]))
        }
        try await wait(for: "the security domain to be in place") { $0.text("phase") == "recovering" }
    }
}

// MARK: Backups and findings

extension DrillRun {
    private func takeBackup() throws {
        let output = try command(["backup", "start", "file:///drill", "--json"])
        guard case .object(let job)? = try? JSONReader.parse(Array(output.utf8)),
            let place = job.text("azureStorageBlobContainerUri"), let name = place.split(separator: "/").last
        else { throw ClientError.refused("The backup's answer names no folder.") }
        backup = String(name)
    }

    private func newest() throws -> String {
        guard let backup else { throw ClientError.refused("There is no backup.") }
        return backup
    }

    private func restore(_ more: [String]) throws {
        let output = try command(["backup", "restore", "file:///drill", try newest(), "--yes"] + more)
        for line in output.split(separator: "\n").dropFirst() { note("brought", detail: String(line)) }
    }

    private func demandRefusal() throws {
        let arguments = ["backup", "restore", "file:///drill", try newest(), "--yes"]
        let outcome = try pool.hsmctl(arguments)
        guard outcome.status == 1, outcome.error.contains("BackupRejected") else {
            throw ClientError.refused("A corrupt backup wasn't refused: \(ScratchPool.shown(arguments))")
        }
        note("refused", detail: outcome.error)
    }

    private func corrupt(_ damage: DrillScenario.Damage) throws {
        let path = "\(pool.plan.backups)/drill/\(try newest())/backup.qbk"
        var bytes = try Files.read(path)
        guard bytes.count > 4096 else { throw ClientError.refused("\(path) is shorter than a backup can be.") }
        switch damage {
        case .bit: bytes[bytes.count / 2] ^= 1
        case .cut: bytes.removeLast(bytes.count / 4)
        }
        try Files.write(bytes, to: path)
    }

    /// Nodes without room on their disks are left out.
    private func verify() async throws {
        guard let keys else { throw ClientError.refused("There are no keys.") }
        let able = pool.living.filter { !fullDisks.contains($0) }
        let connection = try pool.connection(to: able)
        if !fullDisks.isEmpty, writer.isRunning { try await writer.awaitWrites(1) }
        let place = fullDisks.isEmpty ? "every node" : able.map { "node-\($0)" }.joined(separator: " and ")
        try await measurement.verify(keys, connection, at: place)
        try await measurement.countLosses(of: writer, connection)
    }
}

/// Ports of this machine that nobody listens on.
enum FreePorts {
    /// The first of so many in a row.
    static func first(of count: Int) throws -> Int {
        for _ in 0..<200 {
            let first = Int.random(in: 21_000...31_000)
            if (first..<first + count).allSatisfy(isFree) { return first }
        }
        throw ClientError.unreadable("No free ports were found on 127.0.0.1.")
    }

    private static func isFree(_ port: Int) -> Bool {
        let handle = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard handle >= 0 else { return false }
        defer { close(handle) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(handle, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
