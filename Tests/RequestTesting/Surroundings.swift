public import AccessControl
public import CryptographicModule
import PoolState
public import RequestPipeline
import Dispatch
public import Glibc
import Synchronization

/// A clock that stands until it is moved.
public final class TestClock: CivilClock {
    private let time: Mutex<Int64>

    init(_ milliseconds: Int64) { time = Mutex(milliseconds) }

    public func unixMilliseconds() -> Int64 { time.withLock { $0 } }
    public func advance(milliseconds: Int64) { time.withLock { $0 += milliseconds } }
}

/// Threads for slow work; their queue can be made to look full.
public final class TestComputation: ComputationPool {
    private let full = Mutex(false)
    private let refusals = Mutex(0)
    private let asked = Mutex<[GUID?]>([])

    public var isFull: Bool {
        get { full.withLock { $0 } }
        set { full.withLock { $0 = newValue } }
    }

    /// Who asked for work, in order; nil for the node itself.
    public var callers: [GUID?] { asked.withLock { $0 } }

    /// Makes the queue look full to so much of what comes next.
    public func refuse(next count: Int) { refusals.withLock { $0 = count } }

    public func submit(for caller: GUID?, _ work: @escaping @Sendable () -> Void) -> Bool {
        asked.withLock { $0.append(caller) }
        let isRefused = refusals.withLock { left in
            defer { left = max(0, left - 1) }
            return left > 0
        }
        guard !isFull, !isRefused else { return false }
        DispatchQueue.global().async(execute: work)
        return true
    }

    public var hasOtherWork: Bool { false }
}

/// Holds the keys of the pool, and lets a test take them away.
public final class TestCustody: KeyCustody {
    private let pool: InMemoryPool
    private let module: CryptographicModule
    private let held = Mutex<(all: UnsealedPool?, isSealed: Bool)>((nil, true))

    init(pool: InMemoryPool, module: CryptographicModule) {
        self.pool = pool
        self.module = module
    }

    public var unsealed: UnsealedPool? { held.withLock { $0.isSealed ? nil : $0.all } }
    private let forRecovery = Mutex<RecoveryAccess?>(nil)
    public var recovery: RecoveryAccess? {
        get { forRecovery.withLock { $0 } }
        set { forRecovery.withLock { $0 = newValue } }
    }
    /// What the node held last, sealed or not.
    var opened: UnsealedPool? { held.withLock { $0.all } }

    func open(_ unsealed: UnsealedPool) { held.withLock { $0 = (unsealed, false) } }

    /// Forgets the keys as a sealed node does.
    public func seal() {
        held.withLock { $0.isSealed = true }
        module.lock()
    }

    /// Has the keys again.
    public func reopen() { held.withLock { $0.isSealed = false } }

    private let interruption = Mutex<(@Sendable () -> Void)?>(nil)

    /// What happens once, between the look-up of a key and that of its record.
    public func interruptNextRecord(_ body: @escaping @Sendable () -> Void) { interruption.withLock { $0 = body } }

    public func record(digest: [UInt8]) throws(CryptoError) -> SealedRecord {
        let body = interruption.withLock { current in
            defer { current = nil }
            return current
        }
        body?()
        guard let bytes = pool.blob(digest: digest) else { throw .recordMissing }
        return try SealedRecord(parsing: bytes)
    }
}

/// A folder of the user's own that disappears with its owner.
public final class TemporaryFolder: Sendable {
    public let path: String

    public init() throws {
        var template = Array("/tmp/quorate-test-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw TestFailure("no folder for the test") }
        path = String(cString: made)
    }

    deinit {
        if let directory = opendir(path) {
            while let entry = readdir(directory) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                    tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                unlink("\(path)/\(name)")
            }
            closedir(directory)
        }
        rmdir(path)
    }

    /// Writes a file with this mode and returns its path.
    public func write(_ name: String, _ text: String, mode: mode_t = 0o600) throws -> String {
        let file = "\(path)/\(name)"
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC, mode)
        guard descriptor >= 0 else { throw TestFailure("can't write \(name)") }
        defer { close(descriptor) }
        fchmod(descriptor, mode)
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw TestFailure("can't write \(name)")
        }
        return file
    }
}

/// A generator with a seed, so that a failure can be repeated (SplitMix64).
public struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
