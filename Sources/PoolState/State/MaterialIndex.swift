import AccessControl
import HashTreeCollections

/// Which key material there is, to keep two keys from having the same.
struct MaterialIndex: Sendable {
    /// How many versions have this public key: more than one only where a key was imported or restored repeatedly.
    private var versionsByPublicKey = TreeDictionary<Hash256, Int>()
    private var records = TreeSet<Hash256>()

    func containsPublicKey(_ digest: Hash256) -> Bool {
        versionsByPublicKey[digest] != nil
    }

    func containsRecord(_ digest: Hash256) -> Bool {
        records.contains(digest)
    }

    mutating func insertPublicKey(_ digest: Hash256) {
        versionsByPublicKey[digest, default: 0] += 1
    }

    mutating func removePublicKey(_ digest: Hash256) {
        let count = (versionsByPublicKey[digest] ?? 0) - 1
        versionsByPublicKey[digest] = count > 0 ? count : nil
    }

    mutating func insertRecord(_ digest: Hash256) {
        records.insert(digest)
    }

    mutating func removeRecord(_ digest: Hash256) {
        records.remove(digest)
    }
}
