import COpenSSL

/// What a client gives to encrypt, or gets decrypted: zeroed when the last reference is gone.
///
/// It lies in ordinary memory, since the request and the answer that carry it do; keys of the pool are ``Secret``.
/// There is no description and no way to a Swift array; the bytes are reached only inside a closure.
public final class SensitiveBytes: @unchecked Sendable, CustomReflectable, CustomStringConvertible {
    // Unchecked: the memory is written only while the object is made.
    private let memory: UnsafeMutableRawBufferPointer
    /// Length in bytes.
    public let count: Int

    /// Lets `fill` write up to `capacity` bytes, zero before, and tell how many are meant.
    init<Failure: Error>(
        capacity: Int, _ fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(capacity, 1), alignment: 16)
        memory.initializeMemory(as: UInt8.self, repeating: 0)
        do throws(Failure) {
            let count = try fill(memory)
            precondition(count <= capacity, "no more bytes than there is room for")
            self.count = count
        } catch {
            Self.release(memory)
            throw error
        }
        self.memory = memory
    }

    /// Copies bytes in; the caller wipes its own.
    public convenience init(copying bytes: UnsafeRawBufferPointer) {
        self.init(capacity: bytes.count) { target in
            target.copyMemory(from: bytes)
            return bytes.count
        }
    }

    /// Copies bytes in. For values that were public before, such as test vectors.
    public convenience init(copying bytes: [UInt8]) {
        self.init(capacity: bytes.count) { target in
            target.copyBytes(from: bytes)
            return bytes.count
        }
    }

    /// From strict base64url text without padding, with no copy in between. `nil` for anything else.
    public convenience init?(base64URL text: String) {
        var isStrict = false
        self.init(capacity: text.utf8.count * 3 / 4) { target in
            guard let count = Base64URL.decode(text, into: target) else { return 0 }
            isStrict = true
            return count
        }
        guard isStrict else { return nil }
    }

    /// The bytes, valid during the call only.
    public func withUnsafeBytes<Result: ~Copyable, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[..<count]))
    }

    /// Their base64url text, for an answer.
    public func base64URL() -> String { withUnsafeBytes { Base64URL.encode($0) } }

    /// The count alone.
    public var description: String { "\(count) bytes" }
    /// Empty: what prints a value must not print a secret.
    public var customMirror: Mirror { Mirror(self, children: []) }

    private static func release(_ memory: UnsafeMutableRawBufferPointer) {
        qk_wipe(memory.baseAddress, memory.count)
        memory.deallocate()
    }

    deinit { Self.release(memory) }
}
