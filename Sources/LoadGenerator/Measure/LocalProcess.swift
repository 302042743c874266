import Glibc
import StrictJSON

/// A node's process on this machine, found by the port that it listens on.
public struct LocalProcess: Hashable, Sendable {
    /// Found once: after the process has ended the system may give the number to another one.
    public let pid: Int32

    /// - Returns: `nil` where nothing on this machine listens there that this user may look at.
    public init?(listeningOn port: Int) {
        let inodes = Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap { Self.listeners(Self.read($0), port: port) })
        guard !inodes.isEmpty, let pid = Self.holder(of: inodes) else { return nil }
        self.pid = pid
    }

    /// Whether requests to the host stay on this machine.
    public static func isLocal(host: String) -> Bool {
        host == "localhost" || host == "::1" || host.utf8.starts(with: "127.".utf8)
    }

    /// Processor time in all, seconds; `nil` once the process has ended.
    public var cpuSeconds: Double? {
        // The second field, the program's name, may hold anything: fields count from its closing bracket.
        guard let rest = Self.read("/proc/\(pid)/stat").split(separator: ")").last else { return nil }
        let fields = rest.split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return nil }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Resident memory in bytes; `nil` once the process has ended.
    public var residentBytes: UInt64? {
        let fields = Self.read("/proc/\(pid)/statm").split(separator: " ")
        guard fields.count > 1, let pages = UInt64(fields[1]) else { return nil }
        return pages * UInt64(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// - Returns: whether the signal could be sent.
    public func send(signal: Int32) -> Bool { kill(pid, signal) == 0 }

    /// The inodes of the sockets that listen on a port, from a table as in proc(5): `sl local rem st … inode`.
    static func listeners(_ table: String, port: Int) -> [String] {
        table.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            guard fields.count > 9, fields[3] == "0A", let local = fields[1].split(separator: ":").last,
                Int(local, radix: 16) == port
            else { return nil }
            return String(fields[9])
        }
    }

    private static func holder(of inodes: Set<String>) -> Int32? {
        let links = Set(inodes.map { "socket:[\($0)]" })
        for name in names("/proc") {
            guard let pid = Int32(name) else { continue }
            for descriptor in names("/proc/\(pid)/fd") {
                if links.contains(target("/proc/\(pid)/fd/\(descriptor)")) { return pid }
            }
        }
        return nil
    }

    private static func names(_ folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }

    private static func target(_ link: String) -> String {
        var buffer = [UInt8](repeating: 0, count: 128)
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.bindMemory(to: CChar.self).baseAddress.map { readlink(link, $0, bytes.count) } ?? 0
        }
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }

    private static func read(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
