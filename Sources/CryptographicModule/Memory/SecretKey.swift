import Synchronization

/// A symmetric key that several parts of the program share, with a public name. Wiped by ``destroy()`` or when the last
/// user is gone.
public final class SecretKey: Sendable, CustomReflectable {
    /// Names the key in records; not secret.
    public let id: [UInt8]

    private struct Storage: ~Copyable {
        var secret: Secret?
    }

    private let storage: Mutex<Storage>

    /// Takes the secret over: nobody else holds it from here on.
    /// - Parameter id: 16 bytes where the key seals records.
    public init(consuming secret: consuming Secret, id: [UInt8]) {
        self.id = id
        storage = Mutex(Storage(secret: consume secret))
    }

    /// Runs `body` with the key's bytes.
    /// - Throws: ``CryptoError/operationNotPermitted(_:)`` after ``destroy()``.
    public func withSecret<Result>(_ body: (borrowing Secret) throws -> Result) throws -> Result {
        try storage.withLock { storage in
            switch storage.secret {
            case .some(let secret): return try body(secret)
            case .none: throw CryptoError.operationNotPermitted("the key was destroyed")
            }
        }
    }

    /// Wipes the key; every later use fails.
    public func destroy() {
        storage.withLock { $0.secret = nil }
    }

    /// Empty: what prints a value must not print a key.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
