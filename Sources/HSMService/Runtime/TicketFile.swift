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

    /// The ticket; nil where there is none, or one that was cut short, which is as good as none.
    ///
    /// - Throws: ``ConfigurationError`` for one that others may use; ``DurableFile/Fault``.
    func read() throws -> PeerTicket? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw DurableFile.Fault("open", path)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw DurableFile.Fault("stat", path) }
        try requirePrivate(status, file: path)
        var filled = 0
        let secret = try Secret(count: Self.length) { target in
            filled = Foundation.read(descriptor, target.baseAddress, target.count)
        }
        return filled == Self.length ? try PeerTicket(secret) : nil
    }

    /// Replaces the ticket. When this returns it is there after a loss of power, too.
    func write(_ ticket: PeerTicket) throws {
        try DurableFile.replace(Self.name, in: folder, length: Self.length) { descriptor in
            try ticket.withSecret { secret in
                secret.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            }
        }
    }
}
