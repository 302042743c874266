import Foundation
import GRDB
import NodeEnvironment
import Raft

// Stored values come back as what the file holds, which after damage may be of another type or range than what was
// written: every access checks, and none traps.

extension Row {
    func integer(_ column: Int, file: String) throws(StorageFailure) -> Int64 {
        guard case .int64(let value) = (self[column] as DatabaseValue).storage else {
            throw StorageFailures.corrupted(file, "a number is missing")
        }
        return value
    }

    func number(_ column: Int, file: String) throws(StorageFailure) -> UInt64 {
        guard let value = UInt64(exactly: try integer(column, file: file)) else {
            throw StorageFailures.corrupted(file, "a number is negative")
        }
        return value
    }

    func bytes(_ column: Int, file: String) throws(StorageFailure) -> [UInt8] {
        guard case .blob(let data) = (self[column] as DatabaseValue).storage else {
            throw StorageFailures.corrupted(file, "a byte string is missing")
        }
        return [UInt8](data)
    }

    func optionalNumber(_ column: Int, file: String) throws(StorageFailure) -> UInt64? {
        if case .null = (self[column] as DatabaseValue).storage { return nil }
        return try number(column, file: file)
    }
}

extension [UInt8] {
    var asData: Data { Data(self) }
}

extension UInt64 {
    /// SQLite's integers are signed. What comes from other nodes was checked against ``WireLimits/largestNumber``; a
    /// number beyond it is a fault of this program.
    var asInteger: Int64 { Int64(self) }
}

extension NodeID {
    var asInteger: Int64 { rawValue.asInteger }
}
