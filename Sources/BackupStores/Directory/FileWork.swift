import Backup
import NIOPosix

/// Work on files, off the threads that serve requests.
enum FileWork {
    static func run<Value: Sendable>(
        _ work: @escaping @Sendable () throws(BackupStoreFault) -> Value
    ) async throws(BackupStoreFault) -> Value {
        do {
            return try await NIOThreadPool.singleton.runIfActive { try work() }
        } catch let fault as BackupStoreFault {
            throw fault
        } catch {
            throw .failed("the node is stopping")
        }
    }
}
