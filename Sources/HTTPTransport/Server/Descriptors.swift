import Glibc

/// How many of the descriptors that this process may have are for connections of clients. Without others it could
/// neither open a file nor talk to the other nodes: clients must not be able to bring that about.
enum Descriptors {
    /// The most that is kept back. A node has far fewer open by itself.
    private static let mostKept = 256

    /// Asks the system each time, for it can be told otherwise while the process runs (prlimit(2)).
    static func forClients() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return .max }
        return forClients(of: Int(clamping: limit.rlim_cur))
    }

    /// An eighth is kept back where there are few.
    static func forClients(of all: Int) -> Int { all - min(all / 8, mostKept) }
}
