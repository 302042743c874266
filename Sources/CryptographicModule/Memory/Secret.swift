import COpenSSL

/// Bytes that must not be seen: they live in OpenSSL's secure heap (locked, outside core dumps) and are wiped when the
/// value ends.
///
/// There is no copy, no description and no way to a Swift array; the bytes are reached only inside a closure.
public struct Secret: ~Copyable, @unchecked Sendable {
    // Unchecked: the pointer is owned by this one value, which is written only while it is made.
    private let memory: UnsafeMutableRawPointer?
    /// Length in bytes.
    public let count: Int

    /// Takes `count` bytes of secure memory and lets `body` fill them; they are zero before.
    /// - Throws: ``CryptoError/secureMemoryExhausted``, ``CryptoError/notOperational(_:)`` before there is a secure
    ///   heap, or what `body` throws (the memory is then wiped).
    public init(count: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Void) throws {
        let memory = try Secret.allocate(count)
        do {
            try body(UnsafeMutableRawBufferPointer(start: memory, count: count))
        } catch {
            qk_secure_free(memory, count)
            throw error
        }
        self.memory = memory
        self.count = count
    }

    /// Copies bytes in; the caller wipes its own.
    public init(copying bytes: UnsafeRawBufferPointer) throws {
        try self.init(count: bytes.count) { $0.copyMemory(from: bytes) }
    }

    /// Copies bytes in. For values that were public before, such as test vectors.
    public init(copying bytes: [UInt8]) throws {
        try self.init(count: bytes.count) { target in bytes.withUnsafeBytes { target.copyMemory(from: $0) } }
    }

    /// Takes over a block of the secure heap.
    init(adopting memory: UnsafeMutablePointer<UInt8>, count: Int) {
        self.memory = UnsafeMutableRawPointer(memory)
        self.count = count
    }

    private static func allocate(_ count: Int) throws(CryptoError) -> UnsafeMutableRawPointer? {
        guard count > 0 else { return nil }
        guard let memory = qk_secure_alloc(count) else {
            guard qk_secure_heap_started() == 1 else { throw .notOperational("the process was not prepared for keys") }
            throw .secureMemoryExhausted
        }
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: count)
        return memory
    }

    /// The bytes, valid during the call only; they must not be copied to ordinary memory.
    public borrowing func withUnsafeBytes<Result: ~Copyable, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(start: memory, count: count))
    }

    /// A copy in secure memory of its own.
    public borrowing func copy() throws -> Secret {
        try withUnsafeBytes { try Secret(copying: $0) }
    }

    deinit { qk_secure_free(memory, count) }
}
