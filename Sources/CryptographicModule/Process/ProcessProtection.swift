import COpenSSL

/// How well the process protects what it holds in memory; for the log and the status page.
public struct ProcessProtection: Hashable, Sendable {
    /// The secure heap's pages can't be swapped out.
    public let secureHeapIsLocked: Bool
    /// All pages can't be swapped out.
    public let allMemoryIsLocked: Bool
    /// Blocks that OpenSSL frees are zeroed.
    public let freedMemoryIsZeroed: Bool
    /// `major.minor.patch` of the library in use.
    public let openSSLVersion: String
}

/// Why a process must not handle keys.
public enum ProtectionFailure: Error, Hashable, Sendable, CustomStringConvertible {
    case openSSLTooOld(String)
    case secureHeapNotLocked
    /// Names the algorithm.
    case selfTestFailed(String)
    case system(String)

    /// Cause, and cure where there is one.
    public var description: String {
        switch self {
        case .openSSLTooOld(let version): "OpenSSL \(version) is too old: 3.0.16 or later is needed"
        case .secureHeapNotLocked:
            """
            the memory for keys can't be locked: raise the limit (systemd: LimitMEMLOCK=infinity; \
            shell: ulimit -l unlimited)
            """
        case .selfTestFailed(let what): what
        case .system(let what): what
        }
    }
}

/// What has to be done at the start of a process, before it holds a secret.
public enum ModuleSelfSetup {
    /// Bytes of locked memory for key material.
    public static let secureHeapBytes = 4 << 20

    /// How glibc allocates, unless the environment says otherwise: each thread keeps enough free blocks for the
    /// requests that one read of a socket brings. By default it keeps seven of a size, none above 1032 bytes, and what
    /// goes beyond that costs a tenth of a signature.
    private static let allocation = "glibc.malloc.tcache_count=64:glibc.malloc.tcache_max=2048"

    /// Restarts the process with Swift's crash backtracer off, which would print memory that registers point to.
    /// Returns when it is off.
    /// - Throws: ``ProtectionFailure/system(_:)`` where the process can't be restarted.
    public static func disableBacktraces() throws(ProtectionFailure) {
        guard qk_environment_is("SWIFT_BACKTRACE", "enable=no") != 1 else { return }
        // Without it the node is slower, and right.
        _ = qk_set_environment("GLIBC_TUNABLES", allocation)
        _ = qk_reexec_with("SWIFT_BACKTRACE", "enable=no")
        throw .system("the process could not be restarted with SWIFT_BACKTRACE=enable=no")
    }

    /// Closes the ways by which memory leaves a process: cores, other processes of the same user, swap.
    /// - Parameter allowUnlocked: go on where memory can't be locked. For tests and throw-away pools.
    public static func prepareProcess(allowUnlocked: Bool) throws(ProtectionFailure) -> ProcessProtection {
        guard qk_reset_crash_handlers() == 0 else { throw .system("the crash handlers can't be reset") }
        guard qk_forbid_core_files() == 0 else { throw .system("the limit for core files can't be set") }
        guard qk_forbid_dumps() == 0 else { throw .system("the process can't be made undumpable") }
        var (major, minor, patch): (UInt32, UInt32, UInt32) = (0, 0, 0)
        qk_library_version(&major, &minor, &patch)
        let version = "\(major).\(minor).\(patch)"
        guard (major, minor, patch) >= (3, 0, 16) else { throw .openSSLTooOld(version) }
        let isLocked = try startSecureHeap()
        guard isLocked || allowUnlocked else { throw .secureHeapNotLocked }
        return ProcessProtection(
            secureHeapIsLocked: isLocked, allMemoryIsLocked: qk_lock_all_memory() == QK_OK,
            freedMemoryIsZeroed: qk_memory_hooks_installed() == 1, openSSLVersion: version)
    }

    /// Makes the secure heap and puts every algorithm to its self-test; further calls change nothing. Before this the
    /// module uses no
    /// private key and no secret. Returns whether the heap's pages are locked.
    @discardableResult
    public static func startSecureHeap() throws(ProtectionFailure) -> Bool {
        var locked: Int32 = 0
        guard qk_secure_heap_start(secureHeapBytes, 16, &locked) == QK_OK else {
            throw .system("the memory for keys can't be set up")
        }
        do {
            try ModuleHealth.shared.runTests()
        } catch {
            throw .selfTestFailed("\(error)")
        }
        return locked == 1
    }
}
