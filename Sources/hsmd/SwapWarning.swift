import CryptographicModule
import Foundation
import Logging

/// Memory that isn't locked may be written to a disk, with what libraries keep of keys there.
enum SwapWarning {
    /// Says so where the machine has swap space and not all of this process's memory could be locked.
    static func log(_ protection: ProcessProtection, to logger: Logger) {
        guard !protection.allMemoryIsLocked, let table = try? String(contentsOfFile: "/proc/swaps", encoding: .utf8),
            hasSwap(table)
        else { return }
        logger.warning(
            """
            this machine has swap space, and only the memory for keys is locked: parts of keys that libraries keep \
            elsewhere may be written to it. Raise the limit (systemd: LimitMEMLOCK=infinity), or run without swap \
            (systemd: MemorySwapMax=0)
            """)
    }

    /// - Parameter table: /proc/swaps: a line of titles, then a line for each space in use.
    static func hasSwap(_ table: String) -> Bool {
        table.split(separator: "\n").count > 1
    }
}
