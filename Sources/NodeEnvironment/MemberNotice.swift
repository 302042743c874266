public import Raft

/// One of the pool's members, as the sender knows it: for a receiver whose own state may not name it yet.
public struct MemberNotice: Hashable, Sendable {
    /// What an address may take, in bytes; as in the pool's state.
    public static let addressBytes = 512
    /// The length of a pin, in bytes.
    public static let pinBytes = 32

    public let node: NodeID
    /// SHA-256 of the SubjectPublicKeyInfo of the member's node key.
    public let pin: [UInt8]
    /// `host:port` of its peer listener.
    public let address: String

    /// Nil for a pin of another length, or an address that is too long or could steer a terminal: a receiver would
    /// refuse it.
    public init?(node: NodeID, pin: [UInt8], address: String) {
        guard pin.count == Self.pinBytes, (1...Self.addressBytes).contains(address.utf8.count),
            address.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        (self.node, self.pin, self.address) = (node, pin, address)
    }
}
