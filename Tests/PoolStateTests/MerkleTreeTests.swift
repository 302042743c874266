import CryptographicModule
import Testing

@testable import PoolState

@Suite struct MerkleTreeTests {
    private typealias Rows = [[UInt8]: [UInt8]]

    /// The definition, without any structure: the rows of a subtree are those whose path has its prefix.
    private func reference(_ rows: Rows) -> [UInt8] {
        func bit(_ path: [UInt8], _ depth: Int) -> Bool { path[depth / 8] >> (7 - depth % 8) & 1 == 1 }
        func hash(_ leaves: [(path: [UInt8], value: [UInt8])], _ depth: Int) -> [UInt8] {
            if leaves.isEmpty { return Digest.sha256([]) }
            if leaves.count == 1 { return Digest.sha256([0] + leaves[0].path + Digest.sha256(leaves[0].value)) }
            let left = hash(leaves.filter { !bit($0.path, depth) }, depth + 1)
            let right = hash(leaves.filter { bit($0.path, depth) }, depth + 1)
            return Digest.sha256([1] + left + right)
        }
        return hash(rows.map { (Digest.sha256($0.key), $0.value) }, 0)
    }

    private func change(_ key: [UInt8], _ value: [UInt8]?) -> RowChange {
        RowChange(table: key[0], key: Array(key.dropFirst()), value: value)
    }

    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func equalsTheReferenceAfterEveryChange(_ seed: UInt64) {
        var random = SplitMix(seed: seed)
        var tree = MerkleTree()
        var rows: Rows = [:]
        for _ in 0..<150 {
            var changes: [RowChange] = []
            var touched: Set<[UInt8]> = []
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let key = [UInt8.random(in: 0...3, using: &random), UInt8.random(in: 0...30, using: &random)]
                guard touched.insert(key).inserted else { continue }
                let value = Bool.random(using: &random) ? [UInt8.random(in: 0...255, using: &random)] : nil
                rows[key] = value
                changes.append(change(key, value))
            }
            tree.apply(changes)
            #expect(tree.root == reference(rows))
        }
    }

    @Test func theOrderOfChangesDoesNotMatter() {
        let rows = (0..<200).map { change([1, UInt8($0)], [UInt8($0)]) }
        var atOnce = MerkleTree()
        atOnce.apply(rows)
        var backwards = MerkleTree()
        for row in rows.reversed() {
            backwards.apply([row])
        }
        #expect(atOnce.root == backwards.root)
    }

    @Test func removingWhatWasAddedRestoresTheRoot() {
        var tree = MerkleTree()
        let empty = tree.root
        #expect(empty == Digest.sha256([]))
        var roots: [[UInt8]] = []
        for number in 0..<100 {
            roots.append(tree.root)
            tree.apply([change([2, UInt8(number)], [1])])
        }
        for number in (0..<100).reversed() {
            tree.apply([change([2, UInt8(number)], nil)])
            #expect(tree.root == roots[number])
        }
        #expect(tree.root == empty)
    }

    @Test func tableKeyAndValueAllCount() {
        func root(_ table: UInt8, _ key: [UInt8], _ value: [UInt8]) -> [UInt8] {
            var tree = MerkleTree()
            tree.apply([RowChange(table: table, key: key, value: value)])
            return tree.root
        }
        let roots = [root(1, [2], [3]), root(2, [2], [3]), root(1, [3], [3]), root(1, [2], [4]), root(1, [2, 3], [])]
        #expect(Set(roots).count == roots.count)
    }
}
