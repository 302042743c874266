/// A compact sparse Merkle tree: a root over a set of rows that changes with O(log n) hashes a row and does not depend
/// on the order in which the rows came.
///
/// A row's place is the path SHA-256(table ‖ key), read as bits from the root. A subtree without a row is `empty`, one
/// with a single row is that row's leaf at whatever depth, all others are inner nodes. Hashes are separated by domain
/// as in RFC 6962 section 2.1: leaf = SHA-256(0x00 ‖ path ‖ SHA-256(value)), inner = SHA-256(0x01 ‖ left ‖ right), the
/// empty tree = SHA-256 of nothing. The path in the leaf makes it impossible to pass off one row as another.
///
/// Nodes are immutable and shared between copies.
struct MerkleTree: Sendable {
    /// One changed row.
    struct Change {
        let path: Hash256
        /// `nil` removes the row.
        let leaf: Hash256?
    }

    private var node = Node.empty

    var root: [UInt8] { node.hash.bytes }

    /// The place of a row.
    static func path(table: UInt8, key: [UInt8]) -> Hash256 {
        withUnsafeTemporaryAllocation(byteCount: 1 + key.count, alignment: 1) { bytes in
            bytes[0] = table
            UnsafeMutableRawBufferPointer(rebasing: bytes[1...]).copyBytes(from: key)
            return Hash256(hashing: UnsafeRawBufferPointer(bytes))
        }
    }

    static func leafHash(path: Hash256, value: [UInt8]) -> Hash256 {
        Hash256(hashing: 0, path, Hash256(hashing: value))
    }

    /// Carries out all changes at once, so that inner nodes that they share are hashed once. No path comes twice.
    mutating func apply(_ changes: [Change]) {
        let sorted = changes.sorted { $0.path < $1.path }
        node = MerkleTree.updated(node, with: sorted[...], depth: 0)
    }

    private static func updated(_ node: Node, with changes: ArraySlice<Change>, depth: Int) -> Node {
        guard let first = changes.first else { return node }
        switch node {
        case .empty where changes.count == 1:
            return first.leaf.map { .leaf(path: first.path, hash: $0) } ?? .empty
        case .leaf(first.path, _) where changes.count == 1:
            return first.leaf.map { .leaf(path: first.path, hash: $0) } ?? .empty
        case .empty:
            return split(left: .empty, right: .empty, changes, depth)
        case .leaf(let path, _):
            return path.bit(depth)
                ? split(left: .empty, right: node, changes, depth)
                : split(left: node, right: .empty, changes, depth)
        case .inner(let inner):
            return split(left: inner.left, right: inner.right, changes, depth)
        }
    }

    /// Paths are digests: two rows part long before the last bit, so `depth` stays within it.
    private static func split(left: Node, right: Node, _ changes: ArraySlice<Change>, _ depth: Int) -> Node {
        let middle = changes.firstIndex { $0.path.bit(depth) } ?? changes.endIndex
        return joined(
            updated(left, with: changes[..<middle], depth: depth + 1),
            updated(right, with: changes[middle...], depth: depth + 1))
    }

    /// The node over two subtrees; a lone leaf moves up, so that the tree has one form for each set of rows.
    private static func joined(_ left: Node, _ right: Node) -> Node {
        switch (left, right) {
        case (.empty, .empty), (.leaf, .empty): left
        case (.empty, .leaf): right
        default: .inner(Inner(left, right))
        }
    }

    private enum Node: Sendable {
        case empty
        case leaf(path: Hash256, hash: Hash256)
        case inner(Inner)

        static let emptyHash = Hash256(hashing: [])

        var hash: Hash256 {
            switch self {
            case .empty: Node.emptyHash
            case .leaf(_, let hash): hash
            case .inner(let inner): inner.hash
            }
        }
    }

    private final class Inner: Sendable {
        let left: Node
        let right: Node
        let hash: Hash256

        init(_ left: Node, _ right: Node) {
            self.left = left
            self.right = right
            hash = Hash256(hashing: 1, left.hash, right.hash)
        }
    }
}
