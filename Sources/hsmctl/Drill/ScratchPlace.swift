import CryptographicModule
import Foundation
import StrictJSON
import Synchronization

/// Where a drill takes place: a folder, the pools in it, and the programs that work on them. Whatever ends the drill,
/// they go with it.
final class ScratchPlace: Sendable {
    /// How often what is in the folder is removed, where another file appears in it meanwhile.
    private static let attempts = 10

    let folder: String
    let programs = DrillPrograms()
    private let pools = Mutex<[ScratchPool]>([])

    init() throws {
        folder = NSTemporaryDirectory() + "/quorate-drill-" + Hexadecimal.encode(Random.bytes(6))
        try ScratchFiles.makeFolder(folder)
    }

    func add(_ pool: ScratchPool) { pools.withLock { $0.append(pool) } }

    /// Kills every process and removes every file. From another thread it also ends a drill that is under way.
    func remove() {
        programs.end()
        for pool in pools.withLock({ $0 }) { pool.remove() }
        var failure: (any Error)?
        // No program writes any more; the drill itself may be making a file at this moment.
        for _ in 0..<Self.attempts {
            do {
                try FileManager.default.removeItem(atPath: folder)
            } catch {
                failure = error
            }
            guard FileManager.default.fileExists(atPath: folder) else { return }
        }
        Terminal.note("\(folder) is left: \(failure?.localizedDescription ?? "files appear in it again and again").")
    }
}
