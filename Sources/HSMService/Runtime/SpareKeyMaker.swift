import CryptographicModule
import Glibc
import Logging
import NIOPosix

/// Makes RSA pairs while the node has nothing else to compute, on a thread that yields to all others.
final class SpareKeyMaker: Sendable {
    private let module: CryptographicModule
    private let computation: CryptoThreads
    private let thread = NIOThreadPool(numberOfThreads: 1)
    private let logger: Logger

    init(module: CryptographicModule, computation: CryptoThreads, logger: Logger) {
        self.module = module
        self.computation = computation
        self.logger = logger
    }

    /// Ends when its task is cancelled.
    func run() async {
        thread.start()
        // The lowest priority there is; the kernel counts threads as processes here.
        try? await thread.runIfActive { _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 19) }
        while !Task.isCancelled {
            // Nobody waits for a spare key, and that nothing happens is no event: a look now and then will do.
            try? await Task.sleep(for: .seconds(1))
            while computation.isIdle, !Task.isCancelled, await makeOne() {}
        }
        try? await thread.shutdownGracefully()
    }

    private func makeOne() async -> Bool {
        do {
            return try await thread.runIfActive { [module] in try module.makeSpareKey() }
        } catch {
            logger.warning("no spare RSA key could be made", metadata: ["cause": "\(error)"])
            return false
        }
    }
}
