import Audit
import Glibc
import HSMNode
import HTTPTransport
import NodeEnvironment
import PoolState
import Raft
import Replication

/// Why a node doesn't run, in words for its operator, with the exit code that says the kind (sysexits.h).
public struct NodeFailure: Error, Sendable, CustomStringConvertible {
    /// Cause and cure, for the operator.
    public let description: String
    /// One of sysexits.h: docs/operations.md, "Exit codes".
    public let exitCode: Int32

    /// What an error at the start, or while the node runs, means for the operator.
    public init(_ error: any Error) {
        switch error {
        case let failure as NodeFailure: self = failure
        case let error as ConfigurationError: self.init("\(error)", EX_CONFIG)
        case NodeFolderError.storage(let failure): self.init(failure)
        case let error as NodeFolderError: self.init("\(error)", EX_CONFIG)
        case let error as StorageFailure: self.init(error)
        case NodeStartFailure.storage(let failure), NodeDriver.BootstrapFailure.storage(let failure):
            self.init(failure)
        case NodeStartFailure.raft(let error):
            self.init("the log contradicts itself (\(error)). \(Self.replacement)", EX_IOERR)
        case let error as StateCorruption:
            self.init("the stored state contradicts itself (\(error)). \(Self.replacement)", EX_IOERR)
        case AuditOpenError.damaged(let found):
            self.init(
                """
                the audit log doesn't verify: \(found). Nothing was changed. Keep the folder as evidence, and put \
                it back from a copy; the pool goes on as long as a majority of its nodes does
                """, EX_IOERR)
        case let error as AuditOpenError: self.init("the audit log can't be opened: \(error)", EX_IOERR)
        case let error as TransportError: self.init(error)
        case let error as PeerTransportError: self.init(error)
        default: self.init("\(error)", EX_OSERR)
        }
    }

    private init(_ error: TransportError) {
        switch error {
        case .certificate, .privateKey:
            self.init(
                "\(error). Put the right file where 'api' of the node's file says, readable for this user; the key "
                    + "with mode 0600", EX_CONFIG)
        case .tls:
            self.init(
                "\(error). Certificate and key of 'api' in the node's file must belong together", EX_CONFIG)
        default: self.init("\(error)", EX_OSERR)
        }
    }

    private init(_ error: PeerTransportError) {
        switch error {
        case .addressInUse, .cannotListen: self.init("\(error)", EX_OSERR)
        case .outsideValidity, .unsafeKeyFile: self.init("\(error)", EX_CONFIG)
        case .wrongName, .ownKeyNotPinned, .keyMismatch:
            self.init(
                "\(error). Issue a certificate for this node's own key and id: docs/operations.md, 'Certificates'",
                EX_CONFIG)
        case .unreadable, .badCertificate, .badKey:
            self.init("\(error). Put the right file where 'peers' of the node's file says", EX_CONFIG)
        }
    }

    private init(_ failure: StorageFailure) {
        switch failure {
        case .full: self.init("the disk of the data folder is full: make room and start again", EX_IOERR)
        case .device(let text): self.init("the disk failed: \(text)", EX_IOERR)
        case .corrupted(let text): self.init("the data folder is damaged: \(text)", EX_IOERR)
        }
    }

    private init(_ description: String, _ exitCode: Int32) {
        self.description = description
        self.exitCode = exitCode
    }

    /// The pool has given this node's id up for good.
    static let removed = NodeFailure(
        """
        this node was removed from the pool, and its id is never used again. Its data folder is of no use any more; \
        to bring the machine back, join as a new node with an empty folder: hsmctl node add
        """, EX_NOPERM)

    /// There is no pool yet that the log could be of.
    static func keptAudit(_ place: AuditBreak, in folder: String) -> NodeFailure {
        NodeFailure(
            """
            the audit log in \(folder) is older than the pool that is to be made, and doesn't verify: \(place). No \
            pool was made, and nothing was changed. Move that folder away, keep it as evidence, and start again
            """, EX_IOERR)
    }

    /// Nothing is wrong here: a later start may find one.
    static func noMember(_ explanation: ConfigurationError) -> NodeFailure {
        NodeFailure("\(explanation)", EX_UNAVAILABLE)
    }

    /// Members of a pool follow the same commands and rules, or their states would part.
    static func tooOld(for reason: HaltReason) -> NodeFailure? {
        let what: String
        switch reason {
        case .poolIsNewer(let version, let known):
            what = "the pool has version \(version), and this program knows versions up to \(known)"
        case .unknownCommand(let index, _):
            what = "entry \(index) of the log holds a command that this program doesn't know"
        default: return nil
        }
        return NodeFailure(
            "\(what). Nothing of it was applied. Install the version that the other nodes run, and start again",
            EX_CONFIG)
    }

    /// What is in memory belongs to the epoch that has ended. Nothing is wrong: whoever watches over the process starts
    /// it again.
    static func startAgain(epoch: UInt64) -> NodeFailure {
        NodeFailure("epoch \(epoch) of the pool begins with this node alone: start it again", EX_TEMPFAIL)
    }

    private static let replacement =
        "Nothing was changed. Keep the folder for inspection; the pool goes on as long as a majority of its nodes does"
}
