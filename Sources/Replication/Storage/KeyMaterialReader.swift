import CryptographicModule
import GRDB
public import NodeEnvironment

/// Reads sealed key material while the driver writes: each thread gets a read-only connection of its own, so that no
/// reader waits for a writer or the other way about.
public final class KeyMaterialReader: KeyMaterialStore {
    private let path: String
    private let pool: DatabasePool

    /// - Parameter connections: how many threads can read at once; more of them wait for one another.
    init(path: String, connections: Int) throws(StorageFailure) {
        self.path = path
        pool = try StorageFailures.translating(path) {
            var configuration = DatabaseFile.hardened()
            configuration.readonly = true
            configuration.maximumReaderCount = connections
            configuration.label = "quorate.material"
            return try DatabasePool(path: path, configuration: configuration)
        }
    }

    /// The bytes are compared with their digest, so that an older or damaged record is never handed out.
    public func blob(digest: [UInt8]) throws(StorageFailure) -> [UInt8]? {
        let found = try StorageFailures.translating(path) {
            // A single statement is a consistent read by itself; the pool's `read` would wrap it into a transaction.
            try pool.unsafeRead { database in
                let statement = try database.cachedStatement(sql: "SELECT bytes FROM material WHERE digest = ?")
                return try Row.fetchOne(statement, arguments: [digest.asData])?.bytes(0, file: path)
            }
        }
        guard let found else { return nil }
        guard Digest.sha256(found) == digest else {
            throw StorageFailures.corrupted(path, "a record of key material does not match its digest")
        }
        return found
    }

    /// Closes the connections; later reads fail.
    public func close() throws(StorageFailure) {
        try StorageFailures.translating(path) { try pool.close() }
    }
}
