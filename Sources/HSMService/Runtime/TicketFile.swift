import CryptographicModule
import Foundation
import SecurityDomain

/// The node's latest continuity ticket, in its data folder: who puts back the folder puts back the ticket, and shows an
/// old one. As secret as the node's key, and of no use without it.
struct TicketFile: Sendable {
    private static let name = "ticket"
    private static let length = 32

    private let folder: String
    private var path: String { "\(folder)/\(Self.name)" }

    init(dataFolder: String) { folder = dataFolder }

    /// Why it can't be read or written.
    struct Fault: Error, CustomStringConvertible {
        let call: String
        let path: String
        let number: Int32

        init(_ call: String, _ path: String) { (self.call, self.path, number) = (call, path, errno) }

        var description: String { "\(call) of \(path): \(String(cString: strerror(number)))" }
    }

    /// The ticket; nil where there is none, or one that was cut short, which is as good as none.
    func read() throws -> PeerTicket? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw Fault("open", path)
        }
        defer { close(descriptor) }
        var filled = 0
        let secret = try Secret(count: Self.length) { target in
            filled = Foundation.read(descriptor, target.baseAddress, target.count)
        }
        return filled == Self.length ? try PeerTicket(secret) : nil
    }

    /// Replaces the ticket. When this returns it is there after a loss of power, too.
    func write(_ ticket: PeerTicket) throws {
        let temporary = path + ".tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Fault("open", temporary) }
        defer { close(descriptor) }
        let written = try ticket.withSecret { secret in
            secret.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
        }
        guard written == Self.length, fsync(descriptor) == 0 else { throw Fault("write", temporary) }
        guard rename(temporary, path) == 0 else { throw Fault("rename", temporary) }
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw Fault("open", folder) }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw Fault("fsync", folder) }
    }
}
