import CryptographicModule
import Foundation
import StrictJSON
import Synchronization

/// Where a drill takes place: a folder, and the pools in it. Whatever ends the drill, they go with it.
final class ScratchPlace: Sendable {
    let folder: String
    private let pools = Mutex<[ScratchPool]>([])

    init() throws {
        folder = NSTemporaryDirectory() + "/quorate-drill-" + Hexadecimal.encode(Random.bytes(6))
        try ScratchFiles.makeFolder(folder)
    }

    func add(_ pool: ScratchPool) { pools.withLock { $0.append(pool) } }

    /// Kills every process and removes every file.
    func remove() {
        for pool in pools.withLock({ $0 }) { pool.remove() }
        try? FileManager.default.removeItem(atPath: folder)
    }
}
