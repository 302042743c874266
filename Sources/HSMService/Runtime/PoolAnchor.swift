import CryptographicModule
import Foundation
import SecurityDomain
import StrictJSON

/// By what a node that has no keys yet tells its pool's keyring from another one. The pool's identity key is as old as
/// the pool: neither a new root nor a new key-encryption key changes it.
///
/// A peer's reply shows that a member has signed it, and that root and keyring fit each other. A member without the
/// pool's keys could make a pair that does, and write a log that goes with it. The tags of a stored state and of a log
/// find that out; a newcomer has neither, and would serve under keys that the other one knows.
struct PoolAnchor: Sendable {
    /// What is known of the pool's identity key.
    enum Identity: Hashable, Sendable {
        /// SHA-256 of its SubjectPublicKeyInfo.
        case known([UInt8])
        /// The node is a founder and has nothing yet. Which key it is, only the founder knows that makes the pool.
        case founding
        /// The node isn't a founder, and nobody has told it.
        case untold
    }

    let poolID: [UInt8]
    let identity: Identity

    /// Why a keyring isn't taken. The texts hold nothing that a sender chooses: alarms are counted by their text.
    enum Mismatch: Error, Hashable, CustomStringConvertible {
        case otherPool
        case otherIdentityKey(expected: [UInt8])
        case untold

        var description: String {
            switch self {
            case .otherPool: "they are those of another pool"
            case .otherIdentityKey(let expected):
                "their identity key isn't the one whose SHA-256 this node knows, \(Hexadecimal.encode(expected))"
            case .untold:
                "nobody has told this node the pool's identity key; start it with --join and a file that names it"
            }
        }
    }

    func check(_ keyring: PoolIdentity) throws(Mismatch) {
        guard keyring.poolID == poolID else { throw .otherPool }
        switch identity {
        case .known(let digest):
            guard keyring.keyDigest == digest else { throw .otherIdentityKey(expected: digest) }
        case .founding: break
        case .untold: throw .untold
        }
    }
}

extension PoolAnchor {
    /// What a node knows that is being started. What it is told now is in its data folder before it asks anybody.
    ///
    /// - Parameters:
    ///   - isFounder: whether its configuration names other members.
    ///   - made: of the pool that it has just made; noted already.
    ///   - stored: of the state on its disk. That isn't checked yet; it will be, with the keys that this lets in.
    ///   - join: by which it joins, or has joined.
    init(
        poolID: [UInt8], isFounder: Bool, file: AnchorFile, made: PoolIdentity?, stored: PoolIdentity?, join: JoinFile?
    ) throws {
        if let made {
            self.init(poolID: poolID, identity: .known(made.keyDigest))
        } else if let stored {
            self.init(poolID: poolID, identity: .known(stored.keyDigest))
        } else if let join {
            self.init(poolID: poolID, identity: .known(try Self.told(by: join, file)))
        } else if let kept = try file.read() {
            self.init(poolID: poolID, identity: .known(kept))
        } else {
            self.init(poolID: poolID, identity: isFounder ? .founding : .untold)
        }
    }

    private static func told(by join: JoinFile, _ file: AnchorFile) throws -> [UInt8] {
        let kept = try file.read()
        guard let told = join.identityDigest ?? kept else { throw join.identityIsMissing }
        guard kept == nil || kept == told else {
            throw ConfigurationError(
                file: join.file,
                problem: "names another identity key of the pool than the data folder has from an earlier joining",
                cure: "Compare both with 'hsmctl pool status --json'. Join with an empty data folder and a new file.")
        }
        if kept == nil { try file.write(told) }
        return told
    }
}

/// SHA-256 of the pool's identity key in a node's data folder, from the moment on at which the node is told. No secret.
struct AnchorFile: Sendable {
    private static let name = "pool-identity"

    private let folder: String
    private var path: String { "\(folder)/\(Self.name)" }

    init(dataFolder: String) { folder = dataFolder }

    /// Nil where there is none.
    func read() throws(ConfigurationError) -> [UInt8]? {
        var status = stat()
        guard lstat(path, &status) == 0 || errno != ENOENT else { return nil }
        let text = try readGuarded(file: path, limit: 128)
        guard let digest = Hexadecimal.decode(text.trimmingCharacters(in: .newlines)), digest.count == 32 else {
            throw ConfigurationError(
                file: path, problem: "isn't the SHA-256 of the pool's identity key",
                cure: "Write the identityKeySha256 into it that 'hsmctl pool status --json' shows.")
        }
        return digest
    }

    func write(_ digest: [UInt8]) throws {
        try prepare(digest)
        try putInPlace()
    }

    /// Has the digest on the disk, beside the file: of a pool that there isn't yet it must not count. What can keep the
    /// file from being written does so here.
    func prepare(_ digest: [UInt8]) throws {
        var status = stat()
        if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            throw ConfigurationError(
                file: path, problem: "is a directory, and the pool's identity key is noted in a file of that name",
                cure: "Move it away.")
        }
        let text = Array("\(Hexadecimal.encode(digest))\n".utf8)
        try DurableFile.prepare(Self.name, in: folder, length: text.count) { descriptor in
            text.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
        }
    }

    /// Has what was prepared count.
    func putInPlace() throws { try DurableFile.putInPlace(Self.name, in: folder) }
}

extension PoolIdentity {
    /// SHA-256 of the identity key: what `identityKeySha256` shows.
    var keyDigest: [UInt8] { Digest.sha256(identityKey) }
}
