import CryptographicModule
import Foundation
import NIOHTTP1
import StrictJSON

/// Runs a scenario against a pool that others rely on: by its API, with keys of the drill's own, which are removed
/// afterwards. Machines die by a command of the operator's.
final class ProductionDrill {
    /// What the operator has said of the pool.
    struct Target {
        /// The pool's name, typed to confirm that this one is meant.
        var pool: String
        /// For `hsmctl backup start`.
        var backupPlace: String?
        /// For /bin/sh; the node's name is in `QUORATE_NODE`, its URL in `QUORATE_ENDPOINT`.
        var killCommand: String?
    }

    private struct Node {
        let name: String
        let endpoint: String
    }

    /// What the names of all keys of this drill begin with.
    let prefix = "drill-" + Hexadecimal.encode(Random.bytes(4))

    private let scenario: DrillScenario
    private let target: Target
    private let connection: ConnectionOptions
    private let program: String
    private let programs = DrillPrograms()
    private let writer: DrillWriter
    private let measurement: DrillMeasurement
    private var nodes: [Node] = []
    private var killed: Set<String> = []
    private var keys: DrillKeys?
    /// Folder of the newest backup.
    private var backup: String?

    /// - Parameter program: hsmctl.
    /// - Throws: ``ClientError`` where the scenario has steps that a pool in production is spared.
    init(
        _ scenario: DrillScenario, _ target: Target, _ connection: ConnectionOptions, program: String
    ) throws {
        try Self.check(scenario, target)
        self.scenario = scenario
        self.target = target
        self.connection = connection
        self.program = program
        writer = DrillWriter(prefix: prefix + "-written")
        measurement = DrillMeasurement(DrillReport(scenario, productionPool: target.pool))
    }

    static func check(_ scenario: DrillScenario, _ target: Target) throws {
        let own = Set((1...scenario.keys).map { "drill-\($0)" })
        for step in scenario.steps {
            switch step {
            case .writesStart, .writesStop, .verify: break
            case .backUp:
                guard target.backupPlace != nil else {
                    throw ClientError.usage("The scenario takes a backup: say where to with --backup-place.")
                }
            case .kill:
                guard target.killCommand != nil else {
                    throw ClientError.usage("The scenario kills nodes: say how with --kill-command.")
                }
            case .deleteKey(let name), .restoreKey(let name):
                guard own.contains(name) else {
                    throw ClientError.usage("In production only the drill's own keys are touched, not '\(name)'.")
                }
            default:
                throw ClientError.usage(
                    "'\(step)': that is practised with a scratch pool only. Leave --production away.")
            }
        }
    }

    /// Goes through the steps, and removes the drill's keys, however it went.
    func run() async -> DrillReport {
        do {
            try await makeKeys()
            for step in scenario.steps {
                measurement.note(step.description)
                try await perform(step)
            }
            try await awaitKilled()
        } catch {
            measurement.fail(error)
        }
        await writer.stop()
        // Some may be there also where making them has failed.
        await removeKeys()
        return measurement.finish(answered: writer.writes.count)
    }

    // MARK: Steps

    /// Before anything: that it is the pool that is meant, and whole.
    func confirm() async throws {
        let (name, members) = try await PoolClient.with(connection) { client in
            let status = try await client.send(.GET, "/quorate/v1/status").body
            return (status.text("pool") ?? "", status.objects("members"))
        }
        guard name == target.pool else {
            throw ClientError.refused("The connection leads to the pool '\(name)', not to '\(target.pool)'.")
        }
        nodes = members.compactMap { member in
            guard let name = member.text("name"), let endpoint = member.text("endpoint") else { return nil }
            return Node(name: name, endpoint: endpoint)
        }
        measurement.poolHas(nodes: nodes.count)
        let healths = try await healths(of: nodes)
        if let unfit = healths.first(where: { $0.health?.text("seal") != "unsealed" }) {
            throw ClientError.refused("\(unfit.node.name) isn't there, or sealed: the drill hasn't begun.")
        }
    }

    private func makeKeys() async throws {
        let (count, prefix) = (scenario.keys, prefix)
        keys = try await PoolClient.with(connection) { try await DrillKeys(count: count, prefix: prefix, $0) }
        measurement.note(
            "the pool '\(target.pool)' of \(nodes.count) nodes is whole; the drill has \(count) keys, \(prefix)-N")
    }

    private func perform(_ step: DrillScenario.Step) async throws {
        if step.isIncident { measurement.incidentBegins() }
        switch step {
        case .writesStart:
            writer.start(try connection(to: nodes))
            try await writer.awaitWrites(3)
        case .writesStop: await writer.stop()
        case .backUp: try takeBackup()
        case .kill(let victims): try await kill(victims)
        case .deleteKey(let name):
            try command(["key", "delete", own(name)])
            try command(["key", "purge", own(name), "--yes"])
        case .restoreKey(let name):
            guard let backup, let place = target.backupPlace else {
                throw ClientError.refused("There is no backup.")
            }
            try command(["backup", "restore", place, backup, "--key", own(name)])
        case .verify: try await verify()
        default: throw ClientError.refused("'\(step)' isn't for a pool in production.")
        }
    }

    /// The scenario's `drill-2` under the name that it has in this drill.
    private func own(_ name: String) -> String { prefix + name.dropFirst("drill".count) }

    private func takeBackup() throws {
        guard let place = target.backupPlace else { throw ClientError.refused("There is no place for a backup.") }
        let output = try command(["backup", "start", place, "--json"])
        guard case .object(let job)? = try? JSONReader.parse(Array(output.utf8)),
            let folder = job.text("azureStorageBlobContainerUri")?.split(separator: "/").last
        else { throw ClientError.refused("The backup's answer names no folder.") }
        backup = String(folder)
    }

    private func kill(_ victims: DrillScenario.Victims) async throws {
        guard let command = target.killCommand else { throw ClientError.refused("There is no command that kills.") }
        let count = victims == .leader ? 1 : (nodes.count - 1) / 2
        guard nodes.count >= 3 else { throw ClientError.refused("A pool of one node has no majority without it.") }
        let healths = try await healths(of: living)
        guard let leader = healths.first(where: { $0.health?.text("role") == "leader" })?.node else {
            throw ClientError.unavailable("no node leads")
        }
        let others = living.filter { $0.name != leader.name }
        measurement.serviceIsLost()
        let victims = ([leader] + others).prefix(count)
        for node in victims {
            killed.insert(node.name)
            let outcome = try programs.run(
                "/bin/sh", ["-c", command], environment: ["QUORATE_NODE": node.name, "QUORATE_ENDPOINT": node.endpoint])
            guard outcome.status == 0 else {
                throw ClientError.refused("'\(command)' failed for \(node.name): \(outcome.error.prefix(500))")
            }
            measurement.note("the command for \(node.name) has ended", detail: command)
        }
        for node in victims {
            try await Self.awaitDeath(of: node.name) {
                try await self.healths(of: [node]).contains { $0.health?.text("seal") == "unsealed" }
            }
            measurement.note("\(node.name) is dead")
        }
    }

    /// A drill in which nothing died would show a recovery from nothing. A node that is back already is sealed first.
    static func awaitDeath(
        of name: String, patience: Duration = .seconds(30), isServing: () async throws -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + patience
        while try await isServing() {
            guard ContinuousClock.now < deadline else {
                throw ClientError.refused("\(name) serves on: the command of --kill-command doesn't kill it.")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private func verify() async throws {
        guard let keys else { throw ClientError.refused("There are no keys.") }
        let names = living.map(\.name).joined(separator: ", ")
        let place = killed.isEmpty ? "every node" : names
        let connection = try connection(to: living)
        try await measurement.verify(keys, connection, at: place)
        try await measurement.countLosses(of: writer, connection)
    }

    /// Who was killed has to serve again, or the pool has one node less than before the drill.
    private func awaitKilled() async throws {
        guard !killed.isEmpty, let keys else { return }
        let deadline = ContinuousClock.now + .seconds(DrillMeasurement.patience)
        while let missing = try await healths(of: nodes).first(where: { $0.health?.text("seal") != "unsealed" })?.node {
            guard ContinuousClock.now < deadline else {
                throw ClientError.unavailable("\(missing.name) hasn't come back: start it, and look at its log.")
            }
            try await Task.sleep(for: .milliseconds(200))
        }
        killed = []
        try await measurement.verify(keys, try connection(to: nodes), at: "every node")
    }

    /// Deletes what the drill has made, and purges it where the pool lets it be purged.
    private func removeKeys() async {
        do {
            let prefix = prefix
            let (gone, kept) = try await PoolClient.with(try connection(to: living)) { client in
                let there = try await client.list("/keys").compactMap { $0.text("kid")?.split(separator: "/").last }
                var kept = 0
                let own = there.map(String.init).filter { $0.hasPrefix(prefix + "-") }
                for name in own {
                    _ = try await client.send(.DELETE, "/keys/\(name)")
                    do { _ = try await client.send(.DELETE, "/deletedkeys/\(name)") } catch { kept += 1 }
                }
                return (own.count, kept)
            }
            measurement.note(
                "the drill's \(gone) keys are deleted", detail: kept == 0 ? nil : "\(kept) stay until they expire")
        } catch {
            measurement.note(
                "not all of the drill's keys are deleted: delete what begins with \(prefix)",
                detail: HSMControl.explained(error)?.message)
        }
    }

    // MARK: The pool

    private var living: [Node] { nodes.filter { !killed.contains($0.name) } }

    private func healths(of nodes: [Node]) async throws -> [(node: Node, health: JSONObject?)] {
        try await PoolClient.with(connection, authenticated: false) { client in
            let found = await client.transport.healths(nodes.map(\.endpoint))
            return zip(nodes, found).map { ($0, try? $1.health.get()) }
        }
    }

    /// How this tool reaches some of the nodes.
    private func connection(to nodes: [Node]) throws -> ConnectionOptions {
        var options = connection
        options.endpoint = nodes.map(\.endpoint)
        return options
    }

    /// Runs a command that has to succeed, and notes it.
    @discardableResult
    private func command(_ arguments: [String]) throws -> String {
        let outcome = try programs.run(
            program, arguments + (try connection(to: living)).arguments, environment: [:])
        guard outcome.status == 0 else {
            throw ClientError.refused("\(ScratchPool.shown(arguments)) failed: \(outcome.error.prefix(500))")
        }
        measurement.note("done", detail: ScratchPool.shown(arguments))
        return outcome.output
    }
}
