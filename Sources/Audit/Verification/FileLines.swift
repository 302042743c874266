import Glibc

/// Reads a file line by line in pieces of 1 MiB, however long the file is.
struct FileLines: ~Copyable {
    private static let chunkBytes = 1 << 20

    private let descriptor: Int32
    private let path: String
    private let buffer: UnsafeMutableRawBufferPointer
    private var start = 0
    private var filled = 0
    private var isAtEnd = false

    init(path: String) throws(AuditOpenError) {
        descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        self.path = path
        buffer = .allocate(byteCount: Self.chunkBytes + ChainedLine.maximumBytes, alignment: 16)
        guard descriptor >= 0 else { throw .system(call: "open", path: path, errno: errno) }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        buffer.deallocate()
    }

    /// One line without its end, valid until the next call.
    struct Line {
        let bytes: UnsafeRawBufferPointer
        /// False for what stands behind the last line end, and for a line longer than any record.
        let isTerminated: Bool
    }

    /// The next line; `nil` behind the last one.
    mutating func next() throws(AuditOpenError) -> Line? {
        while true {
            let rest = UnsafeRawBufferPointer(rebasing: buffer[start..<filled])
            if let base = rest.baseAddress, let end = memchr(base, Int32(UInt8(ascii: "\n")), rest.count) {
                let length = UnsafeRawPointer(end) - base
                start += length + 1
                return Line(bytes: UnsafeRawBufferPointer(rebasing: rest[..<length]), isTerminated: true)
            }
            if isAtEnd || rest.count > ChainedLine.maximumBytes {
                start = filled
                return rest.isEmpty ? nil : Line(bytes: rest, isTerminated: false)
            }
            try fill()
        }
    }

    private mutating func fill() throws(AuditOpenError) {
        if start > 0 {
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[start..<filled]))
            filled -= start
            start = 0
        }
        let space = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
        let count = Glibc.read(descriptor, space.baseAddress, space.count)
        if count < 0, errno == EINTR { return }
        guard count >= 0 else { throw .system(call: "read", path: path, errno: errno) }
        filled += count
        isAtEnd = count == 0
    }
}
