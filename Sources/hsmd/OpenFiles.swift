import Glibc
import Logging

/// How many files and connections this process may have open.
enum OpenFiles {
    /// What a node needs beside its clients' connections, with room. So much is kept from them.
    private static let own: rlim_t = 256

    /// Takes what the system allows: shells start programs with a lower limit than they may have, for the sake of such
    /// as can't use more. Warns where it is less than a node's connections need.
    ///
    /// - Parameter connections: how many clients may be connected at once.
    static func allow(connections: Int, logger: Logger) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        if limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max
            _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            _ = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        guard limit.rlim_cur < rlim_t(connections) + own else { return }
        logger.warning(
            """
            this process may have \(limit.rlim_cur) files open, too few for \(connections) clients: fewer are let in. \
            Raise the limit (systemd: LimitNOFILE=65536; shell: ulimit -n 65536)
            """)
    }
}
