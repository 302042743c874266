import Glibc
import Synchronization
import Testing

@testable import Audit

/// A folder that disappears with its owner.
final class TemporaryFolder: Sendable {
    let path: String

    init(in parent: String = "/tmp") throws {
        var template = Array("\(parent)/audit-test-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw SetUpError.noFolder }
        path = String(cString: made)
    }

    deinit {
        for name in names { unlink("\(path)/\(name)") }
        rmdir(path)
    }

    var names: [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    func read(_ name: String) throws -> [UInt8] {
        try Disk.read("\(path)/\(name)", limit: Disk.size("\(path)/\(name)"))
    }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        let descriptor = try Disk.open("\(path)/\(name)", O_WRONLY | O_CREAT | O_TRUNC)
        defer { close(descriptor) }
        if let error = Disk.writeAll(bytes, to: descriptor, calls: .system) { throw SetUpError.notWritten(error) }
    }

    func remove(_ name: String) { unlink("\(path)/\(name)") }

    /// A copy with all files but the lock: what a machine would find after a crash.
    func copy() throws -> TemporaryFolder {
        let other = try TemporaryFolder()
        for name in names where name != "lock" { try other.write(name, read(name)) }
        return other
    }
}

enum SetUpError: Error {
    case noFolder
    case notWritten(Int32)
}

let origin = AuditOrigin(
    node: "n1", pool: "pool1", tenant: "11111111-1111-1111-1111-111111111111", issuer: "https://pool1.mhsm.local/adfs")

func signEvent(_ number: Int = 0) -> AuditEvent {
    let key = "https://pool1.mhsm.local/keys/codesign/5a1c0f6e2b7d4c3f9e8a7b6c5d4e3f20"
    return AuditEvent(
        time: 1_767_605_412_418 + Int64(number), operationName: "KeySign", operationVersion: "2025-07-01", status: 200,
        durationMilliseconds: 4, callerAddress: "10.0.0.7",
        caller: AuditCaller(
            objectID: "0c0e3e1a-2f6d-4f0c-9d0e-1a2b3c4d5e6f", applicationID: "7f8e9d0c-1b2a-4c3d-8e5f-6a7b8c9d0e1f"),
        clientInfo: "azsdk-python-keyvault-keys/4.11.3 Python/3.11",
        correlationID: "9d0c7c1e-5c0f-4a55-8d3b-3d1c5e0f9a11",
        requestURI: key + "/sign",
        details: AuditDetails(keyID: key, algorithm: "ES256", evidence: .submitted([UInt8](repeating: 7, count: 32))),
        policyIndex: 4711)
}

/// Waits for any number of completions.
final class Outcomes: Sendable {
    private struct State {
        var expected = 0
        var results: [Result<Void, AuditFailure>] = []
    }

    private let state = Mutex(State())
    private let wakeUp = WakeUp()

    func expect() -> @Sendable (Result<Void, AuditFailure>) -> Void {
        state.withLock { $0.expected += 1 }
        return { [self] result in
            let isLast = state.withLock { state in
                state.results.append(result)
                return state.results.count == state.expected
            }
            if isLast { wakeUp.raise() }
        }
    }

    /// The results, once there are as many as were expected; gives up after five minutes, which is a failure.
    func wait() -> [Result<Void, AuditFailure>] {
        let deadline = Clock.monotonicNanoseconds() + 300_000_000_000
        while true {
            let done: [Result<Void, AuditFailure>]? = state.withLock { state in
                state.results.count == state.expected ? state.results : nil
            }
            if let done { return done }
            if Clock.monotonicNanoseconds() > deadline {
                let (results, expected) = state.withLock { ($0.results, $0.expected) }
                Issue.record("\(expected) records were awaited, \(results.count) came")
                return results
            }
            wakeUp.wait(until: deadline)
        }
    }
}

/// Whether something that happens in its own time has come true. The limit of five minutes only matters when the test
/// fails: how busy the machine is must not decide.
func eventually(_ condition: () -> Bool) async -> Bool {
    let deadline = Clock.monotonicNanoseconds() + 300_000_000_000
    while !condition() {
        guard Clock.monotonicNanoseconds() < deadline, !Task.isCancelled else { return false }
        try? await Task.sleep(for: .milliseconds(1))
    }
    return true
}

extension AuditLog {
    /// Appends and waits.
    func appendAndWait(_ event: AuditEvent) -> Result<Void, AuditFailure>? {
        let outcomes = Outcomes()
        append(event, then: outcomes.expect())
        return outcomes.wait().first
    }

    /// Appends events and waits for all of them.
    func appendAndWait(_ events: [AuditEvent]) -> [Result<Void, AuditFailure>] {
        let outcomes = Outcomes()
        for event in events { append(event, then: outcomes.expect()) }
        return outcomes.wait()
    }
}

extension Result where Success == Void, Failure == AuditFailure {
    var isSuccess: Bool {
        if case .success = self { return true }
        return false
    }

    var failure: AuditFailure? {
        if case .failure(let failure) = self { return failure }
        return nil
    }
}

/// A generator whose numbers are the same in every run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

extension [Result<Void, AuditFailure>] {
    var areAllSuccesses: Bool { allSatisfy { $0.isSuccess } }
}
