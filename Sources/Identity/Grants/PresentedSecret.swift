import Glibc

/// A secret as a caller presented it: held outside Swift's arrays, overwritten when it is let go, never described.
public final class PresentedSecret: Sendable, CustomStringConvertible, CustomReflectable {
    // Immutable after init, freed in deinit only: sharing the pointer between threads is safe.
    private nonisolated(unsafe) let memory: UnsafeMutableRawBufferPointer

    /// Copies the bytes in.
    public init(_ bytes: some Collection<UInt8>) {
        memory = .allocate(byteCount: bytes.count, alignment: 1)
        memory.copyBytes(from: bytes)
    }

    /// Fills at most `capacity` bytes in place; `fill` returns how many it wrote, or `nil` to give up.
    init?(capacity: Int, fill: (UnsafeMutableRawBufferPointer) -> Int?) {
        let space = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 1)
        guard let count = fill(space), count <= capacity else {
            space.wipe()
            space.deallocate()
            return nil
        }
        // The part behind `count` is empty or was written before an escape shrank the text; it is wiped now, the rest
        // at the end.
        UnsafeMutableRawBufferPointer(rebasing: space[count...]).wipe()
        memory = UnsafeMutableRawBufferPointer(start: space.baseAddress, count: count)
    }

    deinit {
        memory.wipe()
        memory.deallocate()
    }

    /// Bytes.
    public var count: Int { memory.count }

    /// The bytes are valid only during the call. A copy of them is the caller's to wipe.
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(memory))
    }

    public var description: String { "(secret)" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension UnsafeMutableRawBufferPointer {
    /// Overwrites the memory in a way that the compiler may not leave out.
    fileprivate func wipe() {
        guard let start = baseAddress, count > 0 else { return }
        explicit_bzero(start, count)
    }
}
