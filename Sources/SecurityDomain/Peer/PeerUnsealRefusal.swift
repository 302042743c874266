/// Why an unseal request, or the reply to one, is not believed.
public enum PeerUnsealRefusal: Error, Equatable, Sendable {
    case wrongPool
    case wrongEpoch(expected: UInt64, got: UInt64)
    /// Not signed by the key that is pinned for this node.
    case badSignature(node: UInt64)
    /// The reply answers another request: of another life of this node, or a replay.
    case otherRequest
    /// The reply's contents can't be decrypted.
    case doesNotOpen
    /// The request has been answered, and its key is gone.
    case over
}

extension PeerUnsealRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .wrongPool: "the unseal request is for another pool"
        case .wrongEpoch(let expected, let got): "the unseal request is of epoch \(got), expected \(expected)"
        case .badSignature(let node): "the message is not signed by node \(node)"
        case .otherRequest: "the reply answers another unseal request"
        case .doesNotOpen: "the reply does not decrypt"
        case .over: "the unseal request has been answered"
        }
    }
}
