/// Why the peer transport can't start. Thrown before any socket is opened, except for the last two.
public enum PeerTransportError: Error, Hashable, Sendable {
    /// The file isn't there or can't be read.
    case unreadable(path: String, reason: String)
    /// The key file can be read or replaced by others, or is a symbolic link.
    case unsafeKeyFile(NodeFolderError)
    /// The file holds no usable certificate.
    case badCertificate(path: String, reason: String)
    /// The file holds no usable private key.
    case badKey(path: String, reason: String)
    /// The private key isn't the certificate's.
    case keyMismatch(certificate: String, key: String)
    /// The own certificate can't be used yet, or no more.
    case outsideValidity(path: String)
    /// The own certificate names someone else.
    case wrongName(path: String, expected: String)
    /// The configuration in force has another key for this node.
    case ownKeyNotPinned(path: String)
    /// Something else listens there.
    case addressInUse(String)
    /// The address can't be listened on.
    case cannotListen(address: String, reason: String)
}

extension PeerTransportError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadable(let path, let reason): return "\(path): \(reason)"
        case .unsafeKeyFile(let error): return "private key: \(error)"
        case .badCertificate(let path, let reason): return "\(path) holds no usable certificate: \(reason)"
        case .badKey(let path, let reason): return "\(path) holds no usable private key: \(reason)"
        case .keyMismatch(let certificate, let key):
            return "the key in \(key) is not that of the certificate in \(certificate)"
        case .outsideValidity(let path): return "the certificate in \(path) is not valid now; renew it or set the clock"
        case .wrongName(let path, let expected): return "the certificate in \(path) doesn't name \(expected)"
        case .ownKeyNotPinned(let path): return "the pool has another key on record for this node than that in \(path)"
        case .addressInUse(let address): return "\(address) is in use by another program"
        case .cannotListen(let address, let reason): return "can't listen on \(address): \(reason)"
        }
    }
}
