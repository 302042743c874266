import NodeEnvironment
import PoolState
import Raft

/// Members of whom this node has only been told: its own state doesn't name them yet.
///
/// A node that was down while others joined can't know them, and without them it may hear of nothing: if one of them
/// leads, the log comes from nobody else. So each member tells the others whom its state names, and a node that is
/// behind lets those in, and calls them, until its own state has caught up with them.
///
/// What a teller could make of that, and can't:
///
/// * Only whom this node's own state names is believed, never somebody of whom it was only told.
/// * An id that the state has given to a member, or has taken from one, is the state's business: no word changes a
///   member's key or address, or brings back a node of whose removal this node knows.
/// * Whoever is let in still shows a certificate of the node CA in its own name, with the key that was told. So a
///   teller that is sealed, or was removed without this node's knowing, can bring in holders of node certificates of
///   the pool: newcomers, and nodes that were removed since. They can do less here than the teller itself: they have no
///   vote but by a configuration in this node's log, are not asked for the root nor unsealed by this node, and learn
///   nothing that the teller couldn't tell them.
/// * Where two tellers name different keys for an id, nobody is let in as it: a lie can only undo the help.
/// * What is new in a liar's hand: it can have this node call addresses of its choice, as many at once as a pool has
///   members. Such a call goes no further than the first message of TLS, unless a node of the pool answers.
///
/// All of it is in memory only, at most as many members for each teller as a pool can have.
struct ToldMembers {
    private var lists: [NodeID: [MemberNotice]] = [:]

    /// Whom the state leaves open, in order of id, one notice each.
    private(set) var agreed: [MemberNotice] = []

    /// Takes a teller's word in the place of its former one.
    ///
    /// - Returns: whether that makes a difference.
    mutating func take(_ notices: [MemberNotice], from teller: NodeID) -> Bool {
        lists[teller] = Array(notices.prefix(PoolLimits.members))
        return agree()
    }

    /// Forgets what the state has decided, and the word of whom it doesn't name.
    ///
    /// - Returns: whether that makes a difference.
    mutating func settle(isTeller: (NodeID) -> Bool, isOpen: (NodeID) -> Bool) -> Bool {
        guard !lists.isEmpty else { return false }
        lists = lists.filter { isTeller($0.key) }.mapValues { list in list.filter { isOpen($0.node) } }
        return agree()
    }

    private mutating func agree() -> Bool {
        var named: [NodeID: MemberNotice] = [:]
        var disputed: Set<NodeID> = []
        // Of addresses the first teller's counts, so that the choice doesn't change from word to word.
        for notice in lists.sorted(by: { $0.key < $1.key }).flatMap(\.value) {
            let first = named[notice.node, default: notice]
            if first.pin != notice.pin { disputed.insert(notice.node) }
            named[notice.node] = first
        }
        let now = named.values.filter { !disputed.contains($0.node) }.sorted { $0.node < $1.node }
        defer { agreed = now }
        return now != agreed
    }
}

/// Which ids a state has given to members, or has taken from them: about all others it says nothing.
struct DecidedNodes: Equatable {
    private let last: UInt64
    private let invited: Set<UInt64>

    init(_ state: PoolState) {
        last = state.lastNode
        invited = Set(state.invitations.map(\.node))
    }

    func contains(_ node: NodeID) -> Bool { node.rawValue <= last && !invited.contains(node.rawValue) }
}
