public import NodeEnvironment

/// Why a node's data folder can't be used. Each names the path and what to do, since it is what the operator sees
/// when a node doesn't start. Nothing has been changed on the disk when one is thrown.
public enum NodeFolderError: Error, Hashable, Sendable {
    /// A symbolic link stands where the folder or one of its files should be: someone else may choose where it leads.
    case symbolicLink(path: String)
    /// Something that is neither the expected folder nor the expected regular file.
    case wrongKind(path: String)
    /// Owned by another user than the one the node runs as.
    case wrongOwner(path: String, owner: UInt32, expected: UInt32)
    /// Group or others have rights on it. `mode` holds the permission bits.
    case tooOpen(path: String, mode: UInt32)
    /// Another process has the folder open.
    case inUse(path: String, holder: String)
    /// The folder belongs to another pool. Identifiers in hexadecimal.
    case otherPool(path: String, found: String, expected: String)
    /// The folder belongs to another node of the pool.
    case otherNode(path: String, found: UInt64, expected: UInt64)
    /// Written by a version whose format this one doesn't know.
    case unknownFormat(path: String, found: Int64, supported: Int64)
    /// The file system refused.
    case unreachable(path: String, reason: String)
    /// Opening the databases in the folder failed.
    case storage(StorageFailure)
}

extension NodeFolderError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .symbolicLink(let path):
            return "\(path) is a symbolic link; configure the place it leads to"
        case .wrongKind(let path):
            return "\(path) is not what a node's data folder holds there; move it away"
        case .wrongOwner(let path, let owner, let expected):
            return "\(path) belongs to user \(owner), the node runs as user \(expected); change the owner"
        case .tooOpen(let path, let mode):
            let octal = String(mode, radix: 8)
            return "\(path) has mode \(octal): group and others must have no rights (chmod go= \(path))"
        case .inUse(let path, let holder):
            return "\(path) is in use by \(holder); a node's folder serves one process"
        case .otherPool(let path, let found, let expected):
            return "\(path) belongs to pool \(found), this node is configured for pool \(expected)"
        case .otherNode(let path, let found, let expected):
            return "\(path) belongs to node \(found), this node is configured as node \(expected)"
        case .unknownFormat(let path, let found, let supported):
            return "\(path) has format \(found), this version knows format \(supported); use the version that wrote it"
        case .unreachable(let path, let reason):
            return "\(path): \(reason)"
        case .storage(let failure):
            return "\(failure)"
        }
    }
}
