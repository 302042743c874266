public import CryptographicModule

/// A key pair on the curve P-256 in a file of the node's own machine, for trials and tests.
///
/// **It protects nothing.** Whoever reads the file and a node's disk has every key of the pool: there is no PIN, no
/// token and no officer in between. It stands in for a token where there is none and nothing is at stake.
public struct DevelopmentKeyFile: UnsealKeyHolder {
    private let path: String
    private let read: @Sendable () throws -> Secret

    /// - Parameter read: the file's content, PEM; refuses a file that others may use. Read anew each time.
    public init(path: String, read: @escaping @Sendable () throws -> Secret) {
        (self.path, self.read) = (path, read)
    }

    /// - Throws: ``DevelopmentKeyRefusal``, or what `body` or the reading of the file throws.
    public func agree<Value>(
        _ points: [(key: [UInt8], point: [UInt8])], _ body: (AgreedKey, borrowing Secret) throws -> Value
    ) throws -> Value {
        let own = try open(try read())
        guard let sealed = points.first(where: { $0.key == own.publicPoint }) else {
            // Nothing is sealed for this key. Of no use, as the caller was told.
            let useless = try KeyAgreement.generate().agree(with: own.publicPoint)
            return try body(AgreedKey(publicKey: own.publicPoint, isKnown: false), useless)
        }
        return try body(AgreedKey(publicKey: own.publicPoint, isKnown: true), try own.agree(with: sealed.point))
    }

    private func open(_ pem: borrowing Secret) throws -> KeyAgreement {
        let cure = "Remove it, and make one: hsmd --make-token-key."
        do throws(CryptoError) {
            return try KeyAgreement(pem: pem)
        } catch {
            switch error {
            case .unsupported:
                throw DevelopmentKeyRefusal(path, "holds a key of another kind than EC P-256", cure: cure)
            case .malformed, .keyRejected:
                throw DevelopmentKeyRefusal(path, "holds no private key that is open (PEM)", cure: cure)
            default: throw error
            }
        }
    }

    /// Writes a new file, for its owner alone.
    /// - Throws: ``DevelopmentKeyRefusal`` where there is a file already, or none can be written.
    public func makeKey() throws -> [UInt8] {
        let key = try KeyAgreement.generate()
        do throws(CryptoError) {
            try key.write(toNewFile: path)
        } catch {
            throw DevelopmentKeyRefusal(
                path, "can't be written, or is there already",
                cure: "Use the one that is there, or name another in a folder of the node's user.")
        }
        return key.publicPoint
    }

    /// A file changes by somebody's hand only, who starts the node again.
    public func mayPass(_ failure: any Error) -> Bool { false }
}

/// Why the file is of no use; its description names cause and cure.
public struct DevelopmentKeyRefusal: Error, Hashable, CustomStringConvertible {
    /// Cause and cure, for the operator.
    public let description: String

    fileprivate init(_ path: String, _ problem: String, cure: String) {
        description = "The development key file \(path) \(problem). \(cure)"
    }
}
