/// Why bytes are not a whole and genuine backup. Each says what was found; nothing of it is a secret.
public enum BackupFault: Error, Hashable, Sendable {
    /// The file doesn't begin as a backup does.
    case notABackup
    /// A backup in another format than this program reads.
    case unsupportedFormat(String)
    /// A part isn't formed as it has to be.
    case malformed(String)
    /// The file ends before its trailer does.
    case truncated
    /// Bytes follow on the trailer.
    case bytesAfterEnd
    /// Chunks were reordered, repeated or left out.
    case chunkOutOfOrder(expected: UInt32, found: UInt32)
    /// A chunk was taken from another backup.
    case chunkOfOtherBackup(UInt32)
    /// A chunk isn't as it was written.
    case chunkDamaged(UInt32)
    /// The header isn't as it was written.
    case headerDamaged
    /// The trailer's counts are not those of the content.
    case countMismatch
    /// The trailer isn't signed by the pool that the header names.
    case signatureInvalid
    /// A backup of another security domain: the keys of this pool don't open it.
    case otherSecurityDomain
    /// A backup under another generation of the root key.
    case otherGeneration(backup: UInt32, pool: UInt32)
    /// The keyring in the header doesn't open.
    case keyringRejected(String)
    /// The content doesn't make up the state that the header names.
    case stateMismatch
    /// A version of a key isn't there, doesn't open, or isn't what its public half says.
    case keyUnproven(key: String, reason: String)
    /// It is more than can be read at once.
    case tooLarge
    /// The keys are gone: the node was sealed meanwhile.
    case keysUnavailable
}

extension BackupFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notABackup: "it isn't a backup"
        case .unsupportedFormat(let format): "its format is '\(format)', and this program reads 'QBK1' only"
        case .malformed(let what): "it is malformed: \(what)"
        case .truncated: "it is cut short"
        case .bytesAfterEnd: "something was appended to it"
        case .chunkOutOfOrder(let expected, let found): "chunk \(found) stands where chunk \(expected) belongs"
        case .chunkOfOtherBackup(let index): "chunk \(index) belongs to another backup"
        case .chunkDamaged(let index): "chunk \(index) was changed"
        case .headerDamaged: "its header was changed"
        case .countMismatch: "it doesn't hold as much as its trailer says"
        case .signatureInvalid: "its trailer isn't signed by the pool that its header names"
        case .otherSecurityDomain: "it is of another security domain"
        case .otherGeneration(let backup, let pool):
            "it was made under generation \(backup) of the root key, and the pool is at generation \(pool)"
        case .keyringRejected(let why): "its keyring doesn't open: \(why)"
        case .stateMismatch: "its content isn't the state that its header names"
        case .keyUnproven(let key, let reason): "its key \(key) is no good: \(reason)"
        case .tooLarge: "its rows are more than can be read at once"
        case .keysUnavailable: "the node was sealed while it was read"
        }
    }
}
