import COpenSSL
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

    public func agree<Value>(
        _ points: [(key: [UInt8], point: [UInt8])], _ body: (AgreedKey, borrowing Secret) throws -> Value
    ) throws -> Value {
        let key = try OpenedKey(pem: try read(), path)
        let point = try key.point()
        guard let own = points.first(where: { $0.key == point }) else {
            // Nothing is sealed for this key. Of no use, as the caller was told.
            return try body(AgreedKey(publicKey: point, isKnown: false), try KeyAgreement.generate().agree(with: point))
        }
        return try body(AgreedKey(publicKey: point, isKnown: true), try key.agree(with: own.point))
    }

    public func makeKey() throws -> [UInt8] {
        let key = try OpenedKey(generatedFor: path)
        try key.write()
        return try key.point()
    }

    /// A file changes by somebody's hand only, who starts the node again.
    public func mayPass(_ failure: any Error) -> Bool { false }
}

/// Why the file is of no use; its description names cause and cure.
public struct DevelopmentKeyRefusal: Error, Hashable, CustomStringConvertible {
    public let description: String

    fileprivate init(_ path: String, _ problem: String, cure: String) {
        description = "The development key file \(path) \(problem). \(cure)"
    }
}

/// The key, in OpenSSL's form.
private final class OpenedKey {
    private let key: OpaquePointer
    private let path: String

    private init(
        _ path: String, _ problem: String, _ body: (UnsafeMutablePointer<OpaquePointer?>) -> qk_status
    ) throws {
        var made: OpaquePointer?
        guard body(&made) == QK_OK, let made else {
            throw DevelopmentKeyRefusal(path, problem, cure: "Remove it, and make one: hsmd --make-token-key.")
        }
        (key, self.path) = (made, path)
    }

    convenience init(pem: borrowing Secret, _ path: String) throws {
        try self.init(path, pem: pem)
        guard qk_key_get_type(key) == QK_EC, qk_key_get_curve(key) == QK_P256 else {
            throw DevelopmentKeyRefusal(
                path, "holds a key of another kind than EC P-256",
                cure: "Remove it, and make one: hsmd --make-token-key.")
        }
    }

    private convenience init(_ path: String, pem: borrowing Secret) throws {
        var made: OpaquePointer?
        let status = pem.withUnsafeBytes { bytes in
            qk_key_load_pem(bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count, nil, 0, &made)
        }
        try self.init(path, "holds no private key that is open (PEM)") { target in
            target.pointee = made
            return status
        }
    }

    convenience init(generatedFor path: String) throws {
        // Refuses where the module's self-tests have failed.
        _ = try KeyAgreement.generate()
        try self.init(path, "can't be made: no key was generated") { qk_key_generate_ec(QK_P256, $0) }
    }

    deinit { qk_key_free(key) }

    /// To a new file of mode 0600.
    func write() throws {
        guard qk_key_write_pem(key, path) == QK_OK else {
            throw DevelopmentKeyRefusal(
                path, "can't be written, or is there already",
                cure: "Use the one that is there, or name another in a folder of the node's user.")
        }
    }

    /// The public half, uncompressed.
    func point() throws -> [UInt8] {
        var point = [UInt8](repeating: 0, count: 65)
        guard qk_ecdh_point(key, &point) == QK_OK else { throw failed }
        return point
    }

    func agree(with point: [UInt8]) throws -> Secret {
        guard point.count == 65 else { throw failed }
        return try Secret(count: 32) { target in
            guard qk_ecdh_agree(key, point, target.baseAddress?.assumingMemoryBound(to: UInt8.self)) == QK_OK else {
                throw failed
            }
        }
    }

    private var failed: DevelopmentKeyRefusal {
        DevelopmentKeyRefusal(
            path, "can't be used: its key agrees on nothing", cure: "Make one: hsmd --make-token-key.")
    }
}
