import SecurityDomain

/// What goes over the wire in answer to an unseal request: a reply with the pool's sealed keyring, or a notice that
/// there is none.
enum PeerUnsealMessage {
    case reply([UInt8], material: [UInt8])
    case refusal(PeerUnsealNotice)

    /// No reply is that long: a program that doesn't know notices drops the message.
    private static let mark = [UInt8](repeating: 0xFF, count: 4)

    /// The length of the reply, u32 big-endian, then both.
    static func join(_ reply: [UInt8], _ material: [UInt8]) -> [UInt8] {
        withUnsafeBytes(of: UInt32(reply.count).bigEndian) { Array($0) } + reply + material
    }

    static func refusal(_ notice: PeerUnsealNotice) -> [UInt8] { mark + notice.encode() }

    /// Nil for what is neither.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 4 else { return nil }
        if bytes.starts(with: Self.mark) {
            guard let notice = try? PeerUnsealNotice.decode(Array(bytes[4...])) else { return nil }
            self = .refusal(notice)
            return
        }
        let length = bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        guard length <= PeerUnsealReply.maximumLength, bytes.count >= 4 + length else { return nil }
        self = .reply(Array(bytes[4..<4 + length]), material: Array(bytes[(4 + length)...]))
    }
}
