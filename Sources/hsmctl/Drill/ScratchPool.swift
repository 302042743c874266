import ArgumentParser
import CryptographicModule
import Foundation
import Synchronization

/// A pool of processes on this machine, with keys, certificates and officers of its own, that is there for one drill.
final class ScratchPool: Sendable {
    let plan: ScratchPlan
    private let programs: DrillPrograms
    private let processes = Mutex<[Int: Process]>([:])

    init(_ plan: ScratchPlan, _ programs: DrillPrograms) {
        self.plan = plan
        self.programs = programs
    }

    // MARK: Life

    /// Makes everything that the nodes need, and starts them.
    func start() throws {
        try ScratchFiles(plan, programs).make()
        if plan.hasSmallDisks { for number in 1...plan.nodes { try disk(of: number).attach() } }
        for number in 1...plan.nodes { try start(number, initialize: number == 1) }
    }

    /// All nodes die and start again, as after a loss of power.
    func powerOff() throws {
        killAll()
        for number in 1...plan.nodes { try start(number, initialize: false) }
    }

    private func start(_ number: Int, initialize: Bool) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: plan.binaries + "/hsmd")
        // Nothing that this pool protects is worth anything.
        process.arguments = ["--config", "node.yaml", "--allow-unlocked"]
        if initialize { process.arguments?.append(contentsOf: ["--initialize", plan.initialization]) }
        process.currentDirectoryURL = URL(fileURLWithPath: plan.folder(of: number))
        process.standardInput = FileHandle.nullDevice
        let log = plan.log(of: number)
        guard FileManager.default.fileExists(atPath: log) || FileManager.default.createFile(atPath: log, contents: nil),
            let file = FileHandle(forWritingAtPath: log)
        else { throw ClientError.unreadable("\(log) can't be written.") }
        // After what the node said before it was powered off.
        try file.seekToEnd()
        process.standardOutput = file
        process.standardError = file
        try programs.start(process)
        processes.withLock { $0[number] = process }
    }

    /// As a machine that loses its power.
    func kill(_ number: Int) {
        guard let process = processes.withLock({ $0.removeValue(forKey: number) }) else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    func killAll() { for number in living { kill(number) } }

    /// Ends it for good: its disks go with it.
    func remove() {
        killAll()
        if plan.hasSmallDisks { for number in 1...plan.nodes { disk(of: number).detach() } }
    }

    /// - Precondition: The plan has small disks.
    func disk(of number: Int) -> ScratchDisk { ScratchDisk(folder: plan.data(of: number), programs: programs) }

    /// The numbers of the nodes that run.
    var living: [Int] { processes.withLock { $0.keys.sorted() } }

    var endpoints: [String] { endpoints(of: living) }

    private func endpoints(of numbers: [Int]) -> [String] { numbers.map { plan.endpoint(of: $0) } }

    // MARK: Commands

    /// What a person would type, without what is the same every time.
    static func shown(_ arguments: [String]) -> String { "hsmctl " + arguments.joined(separator: " ") }

    /// Runs hsmctl as the administrator.
    func hsmctl(_ arguments: [String]) throws -> DrillPrograms.Outcome {
        try programs.run(
            plan.binaries + "/hsmctl", arguments,
            environment: [
                "QUORATE_ENDPOINTS": endpoints.joined(separator: " "), "QUORATE_CA": plan.authority,
                "AZURE_CLIENT_ID": plan.administrator.clientID, "QUORATE_CLIENT_SECRET_FILE": plan.administrator.file,
            ])
    }

    /// The same, where nothing but success will do.
    @discardableResult
    func succeed(_ arguments: [String]) throws -> DrillPrograms.Outcome {
        let outcome = try hsmctl(arguments)
        guard outcome.status == 0 else {
            throw ClientError.refused("\(Self.shown(arguments)) failed: \(outcome.error.prefix(500))")
        }
        return outcome
    }

    /// How this tool reaches the pool's living nodes, or some of them.
    func connection(to numbers: [Int]? = nil) throws -> ConnectionOptions {
        try ConnectionOptions.parse(
            endpoints(of: numbers ?? living).flatMap { ["--endpoint", $0] } + [
                "--ca", plan.authority, "--client-id", plan.administrator.clientID, "--client-secret-file",
                plan.administrator.file,
            ])
    }
}

/// Where a scratch pool is, and what it is called.
struct ScratchPlan: Sendable {
    struct Administrator: Sendable {
        let objectID: String
        let clientID: String
        /// Of the secret.
        let file: String
        /// Hexadecimal.
        let digest: String
    }

    let name: String
    let nodes: Int
    /// The ids of its nodes begin here.
    let firstID: Int
    /// API ports, then peer ports.
    let port: Int
    /// All of this pool's files.
    let folder: String
    /// Of the drill: officers, backups.
    let shared: String
    let binaries: String
    let administrator: Administrator
    let pinsOfficers: Bool
    /// Whether each node's data folder is a file system of its own.
    let hasSmallDisks: Bool

    func folder(of number: Int) -> String { "\(folder)/node-\(number)" }
    func data(of number: Int) -> String { folder(of: number) + "/data" }
    func log(of number: Int) -> String { folder(of: number) + "/hsmd.log" }
    func endpoint(of number: Int) -> String { "https://127.0.0.1:\(port + number - 1)" }
    func peerPort(of number: Int) -> Int { port + nodes + number - 1 }
    func id(of number: Int) -> Int { firstID + number - 1 }
    var authority: String { folder + "/api-ca.crt" }
    var initialization: String { folder + "/initialize.yaml" }
    var backups: String { shared + "/backups" }
    var domainFile: String { shared + "/security-domain.json" }
    func officer(_ number: Int) -> String { "\(shared)/officer-\(number)" }
}
