import CryptographicModule
import Glibc
import StrictJSON

/// The names in a log's folder: `audit-00000001.jsonl` and on, the `head` sidecar, the `lock`, and unfinished lines as
/// `*.torn`.
struct LogFolder: Sendable {
    static let headName = "head"

    let path: String

    static func fileName(_ number: UInt64) -> String {
        let digits = String(number)
        return "audit-" + String(repeating: "0", count: max(0, 8 - digits.utf8.count)) + digits + ".jsonl"
    }

    func filePath(_ number: UInt64) -> String {
        "\(path)/\(Self.fileName(number))"
    }

    /// The numbers of the log files, ascending, and the names of files with unfinished lines.
    func list() throws(AuditOpenError) -> (numbers: [UInt64], torn: [String]) {
        guard let directory = opendir(path) else { throw .system(call: "opendir", path: path, errno: errno) }
        defer { closedir(directory) }
        var numbers: [UInt64] = []
        var torn: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(".torn") { torn.append(name) }
            guard name.hasPrefix("audit-"), name.hasSuffix(".jsonl"),
                let number = UInt64(name.dropFirst(6).dropLast(6)), number > 0, name == Self.fileName(number)
            else { continue }
            numbers.append(number)
        }
        return (numbers.sorted(), torn.sorted())
    }

    /// Takes the lock that keeps a second process out. Held until the descriptor is closed.
    func lock() throws(AuditOpenError) -> Int32 {
        let descriptor = try Disk.open("\(path)/lock", O_RDWR | O_CREAT)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw .inUse
        }
        return descriptor
    }

    /// Makes a file, as long as a log's first lines, and removes it.
    func tryWriting() throws(AuditOpenError) {
        let file = "\(path)/trial.tmp"
        unlink(file)
        let descriptor = try Disk.open(file, O_WRONLY | O_CREAT | O_EXCL)
        defer {
            close(descriptor)
            unlink(file)
        }
        if let error = Disk.writeAll([UInt8](repeating: 0, count: 8192), to: descriptor, calls: .system) {
            throw .system(call: "write", path: file, errno: error)
        }
        guard fdatasync(descriptor) == 0 else { throw .system(call: "fdatasync", path: file, errno: errno) }
    }

    // MARK: - Head sidecar

    func writeHead(_ head: AuditHead) throws(AuditOpenError) {
        var writer = JSONWriter(capacity: 96)
        writer.object { writer in
            writer.member("count", head.count)
            writer.member("chain", Base64URL.encode(head.chain))
        }
        try Disk.replace(Self.headName, in: path, with: writer.bytes + [UInt8(ascii: "\n")])
    }

    /// What the sidecar says.
    enum StoredHead {
        case absent
        case unreadable
        case head(AuditHead)
    }

    func readHead() throws(AuditOpenError) -> StoredHead {
        let bytes: [UInt8]
        do throws(AuditOpenError) {
            bytes = try Disk.read("\(path)/\(Self.headName)", limit: 4096)
        } catch .system(call: "open", path: _, errno: ENOENT) {
            return .absent
        }
        guard case .object(let members)? = try? JSONReader.parse(bytes), case .integer(let count)? = members["count"],
            count >= 0, case .string(let text)? = members["chain"], let chain = Base64URL.decode(text.utf8),
            chain.count == 32
        else { return .unreadable }
        return .head(AuditHead(count: UInt64(count), chain: chain))
    }
}
