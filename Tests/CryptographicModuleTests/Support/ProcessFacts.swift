import Glibc

/// What the kernel says about this process.
enum ProcessFacts {
    /// `prctl(PR_GET_DUMPABLE = 3)`, looked up by name because C functions with `...` are not imported.
    static var isDumpable: Bool? {
        typealias ProcessControl =
            @convention(c) (CInt, CUnsignedLong, CUnsignedLong, CUnsignedLong, CUnsignedLong) -> CInt
        guard let symbol = dlsym(nil, "prctl") else { return nil }
        return unsafeBitCast(symbol, to: ProcessControl.self)(3, 0, 0, 0, 0) != 0
    }

    /// Soft and hard.
    static var coreLimits: [UInt] {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
        return [limit.rlim_cur, limit.rlim_max]
    }
}
