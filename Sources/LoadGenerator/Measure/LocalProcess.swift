import Glibc
import StrictJSON

/// A node's process on this machine, found by the address and the port that it listens on.
public struct LocalProcess: Hashable, Sendable {
    /// Found once: after the process has ended the system may give the number to another one.
    public let pid: Int32

    /// - Returns: `nil` where requests to the node aren't sent to this machine itself, or nothing listens there that
    ///   this user may look at.
    public init?(of node: LoadPlan.Node) {
        let addresses = Self.addresses(of: node.host)
        guard !addresses.isEmpty else { return nil }
        let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(Self.read)
        let inodes = Set(Self.listeners(tables, at: addresses, port: node.port))
        guard !inodes.isEmpty, let pid = Self.holder(of: inodes) else { return nil }
        self.pid = pid
    }

    /// A host of this machine as tables of proc(5) have it: words of four bytes, each written as a little-endian
    /// number. None for any other host.
    static func addresses(of host: String) -> Set<String> {
        let loopback = "00000000000000000000000001000000"
        func all(_ bytes: [UInt8]) -> Set<String> {
            let word = bytes.reversed().map { byte in
                (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }.joined()
            return [word, "0000000000000000FFFF0000" + word]
        }
        if host == "localhost" { return all([127, 0, 0, 1]).union([loopback]) }
        if host == "::1" { return [loopback] }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        let bytes = parts.compactMap { UInt8($0) }
        return parts.count == 4 && bytes.count == 4 && bytes[0] == 127 ? all(bytes) : []
    }

    /// Processor time in all, seconds; `nil` once the process has ended, also where nobody has waited for it yet.
    public var cpuSeconds: Double? {
        // The second field, the program's name, may hold anything: fields count from its closing bracket.
        guard let rest = Self.read("/proc/\(pid)/stat").split(separator: ")").last else { return nil }
        let fields = rest.split(separator: " ")
        guard fields.count > 12, fields[0] != "Z", let user = Double(fields[11]), let system = Double(fields[12])
        else { return nil }
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

    /// The inodes of the sockets that listen on a port at one of the addresses, or else at all addresses, from tables
    /// as in proc(5): `sl local rem st … inode`. Several nodes may have the same port at addresses of their own.
    static func listeners(_ tables: [String], at addresses: Set<String>, port: Int) -> [String] {
        var (there, anywhere): ([String], [String]) = ([], [])
        for line in tables.flatMap({ $0.split(separator: "\n").dropFirst() }) {
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            guard fields.count > 9, fields[3] == "0A" else { continue }
            let local = fields[1].split(separator: ":")
            guard local.count == 2, Int(local[1], radix: 16) == port else { continue }
            if addresses.contains(String(local[0])) {
                there.append(String(fields[9]))
            } else if local[0].allSatisfy({ $0 == "0" }) {
                anywhere.append(String(fields[9]))
            }
        }
        return there.isEmpty ? anywhere : there
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
