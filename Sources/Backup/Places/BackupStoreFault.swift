/// What a place can refuse.
public enum BackupCredential: Hashable, Sendable {
    /// The request's.
    case token
    /// Those of the file that the node's own file names.
    case storeCredentials
    case identity
}

/// Why a place can't be used.
public enum BackupStoreFault: Error, Hashable, Sendable {
    /// The address isn't one of a container or an object.
    case invalidAddress(String)
    /// The node isn't configured to use this place.
    case notAllowed(String)
    /// The place wants a token, and the request has none.
    case tokenMissing
    /// The place refused what it was shown, or that doesn't permit this.
    case denied(String, of: BackupCredential)
    /// What the node's file names can't be read as credentials.
    case credentialsUnusable(String)
    /// Whom to trust for a place's certificate isn't known.
    case authorityUnusable(String)
    /// The machine's platform gave no token.
    case identityUnavailable(String)
    /// The place takes the node's time for wrong.
    case clockSkew
    case notFound(String)
    /// An object of this name is there already.
    case exists(String)
    /// The place has no room.
    case full
    /// No answer, or not a useful one, after several attempts.
    case unreachable(String)
    case failed(String)
}

extension BackupStoreFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .invalidAddress(let why): "The address of the container can't be used: \(why)."
        case .notAllowed(let what):
            "This node isn't configured to use \(what). An operator allows places under 'backups' in the node's file."
        case .tokenMissing: "The container needs a SAS token, and the request has none."
        case .denied(let code, .token):
            "The container refused the SAS token (\(code)): it is wrong, expired, or permits less."
        case .denied(let code, .storeCredentials):
            "The store refused the node's credentials (\(code)). Look whether 'credentials_file' in the node's file "
                + "holds the right key, and whether the store's policy lets it read, write and delete there."
        case .denied(let code, .identity):
            "The container refused the node's managed identity (\(code)). Give it the role that reads and writes "
                + "blobs there."
        case .credentialsUnusable(let why): "The node's credentials for the store can't be used: \(why)."
        case .authorityUnusable(let why): "The authorities of the store can't be used: \(why)."
        case .identityUnavailable(let why):
            "The machine's identity endpoint gave no token: \(why). Look whether the machine has an identity, and "
                + "at 'managed_identity' in the node's file."
        case .clockSkew: "The store takes this node's clock for wrong. Set it, best by NTP, and start again."
        case .notFound(let what): "There is no \(what)."
        case .exists(let what): "There is a \(what) already."
        case .full: "There is no room left: the disk or the store's quota is full."
        case .unreachable(let why): "The container can't be reached: \(why)."
        case .failed(let why): "The container failed: \(why)."
        }
    }

    /// The word that clients see in an operation's error.
    public var code: String {
        switch self {
        case .invalidAddress, .notAllowed: "InvalidStorageLocation"
        case .tokenMissing, .denied, .credentialsUnusable, .identityUnavailable: "StorageAccessDenied"
        case .clockSkew: "StorageClockSkew"
        case .notFound: "BackupNotFound"
        case .exists: "BackupExists"
        case .full: "StorageFull"
        case .unreachable, .failed, .authorityUnusable: "StorageUnavailable"
        }
    }
}
