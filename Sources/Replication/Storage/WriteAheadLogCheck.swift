import GRDB
import NodeEnvironment

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Looks at the log database's WAL file before SQLite does.
///
/// SQLite takes the first frame with a wrong checksum for the place where a crash cut the file off, and silently goes
/// on without it and everything after it. That is right for a torn tail and wrong for a flipped bit in the middle:
/// then transactions are dropped that were flushed and acknowledged. They can be told apart, because a transaction
/// begins to be written only after the one before it was flushed: a broken frame with a valid frame of a *later*
/// transaction behind it was on the disk once, undamaged. A broken frame in the last transaction may be a write that
/// a crash interrupted, before anything depended on it.
///
/// File format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log, section 4.
enum WriteAheadLogCheck {
    static let headerBytes = 32
    static let frameHeaderBytes = 24

    /// What the frames of a WAL file tell.
    enum Finding: Equatable {
        /// All frames are good, up to the end or to where frames of an earlier use of the file begin.
        case whole(frames: Int)
        /// What follows frame `frames` (counted from 0) was cut off by a crash before it was flushed.
        case tornTail(frames: Int)
        /// The frame was flushed and has changed since.
        case damaged(frame: Int)
    }

    /// - Throws: ``StorageFailure/corrupted(_:)`` if a flushed transaction would be dropped.
    static func check(database path: String) throws(StorageFailure) {
        let file = path + "-wal"
        guard let bytes = try contents(file), !bytes.isEmpty else { return }
        if case .damaged(let frame) = inspect(bytes) {
            throw StorageFailures.corrupted(file, "frame \(frame) was flushed to the disk and has changed since")
        }
    }

    /// - Parameter bytes: the whole file.
    static func inspect(_ bytes: [UInt8]) -> Finding {
        guard let header = Header(bytes) else {
            // A header that never reached the disk has no frames behind it that did. One that was flushed and changed
            // leaves frames behind that verify against one another.
            return firstVerifiablePair(bytes) == nil ? .tornTail(frames: 0) : .damaged(frame: 0)
        }
        let reader = FrameReader(bytes: bytes, header: header)
        var checksum = header.checksum
        var frame = 0
        while frame < reader.count, reader.isCurrent(frame),
            reader.computed(frame, after: checksum) == reader.stored(frame)
        {
            checksum = reader.stored(frame)
            frame += 1
        }
        guard frame < reader.count else { return .whole(frames: frame) }
        return verdict(on: frame, reader)
    }

    /// `broken` is the first frame that doesn't verify. Whether it was ever whole shows in what is behind it.
    ///
    /// Frames left over from an earlier use of the file, or from an interrupted transaction whose place has been
    /// written again, can't be mistaken for a later transaction: behind them no commit is followed by another good
    /// frame.
    private static func verdict(on broken: Int, _ reader: FrameReader) -> Finding {
        let isOurs = reader.saltDistance(broken) <= 2
        var transactionEnded = isOurs && reader.isCommit(broken)
        var foundOurs = isOurs
        for frame in (broken + 1)..<max(broken + 1, reader.count) {
            guard reader.isCurrent(frame),
                reader.computed(frame, after: reader.stored(frame - 1)) == reader.stored(frame)
            else { continue }
            if transactionEnded { return .damaged(frame: broken) }
            foundOurs = true
            transactionEnded = reader.isCommit(frame)
        }
        return foundOurs ? .tornTail(frames: broken) : .whole(frames: broken)
    }

    /// With an unreadable header the page size is unknown: each possible one is tried.
    private static func firstVerifiablePair(_ bytes: [UInt8]) -> Int? {
        for exponent in 9...16 {
            for bigEndian in [false, true] {
                let header = Header(pageSize: 1 << exponent, bigEndian: bigEndian, salt: [], checksum: .init(0, 0))
                let reader = FrameReader(bytes: bytes, header: header)
                guard reader.count >= 2 else { continue }
                if reader.computed(1, after: reader.stored(0)) == reader.stored(1) { return 1 }
            }
        }
        return nil
    }

    private static func contents(_ path: String) throws(StorageFailure) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw .device("\(path): \(FilePermissions.reason(errno))")
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { throw .device("\(path): \(FilePermissions.reason(errno))") }
            guard count > 0 else { return bytes }
            bytes.append(contentsOf: buffer[..<count])
        }
    }
}

extension WriteAheadLogCheck {
    struct Sum: Equatable {
        var first: UInt32
        var second: UInt32

        init(_ first: UInt32, _ second: UInt32) {
            self.first = first
            self.second = second
        }
    }

    struct Header {
        let pageSize: Int
        let bigEndian: Bool
        let salt: [UInt8]
        let checksum: Sum

        init(pageSize: Int, bigEndian: Bool, salt: [UInt8], checksum: Sum) {
            self.pageSize = pageSize
            self.bigEndian = bigEndian
            self.salt = salt
            self.checksum = checksum
        }

        /// Nil if the header doesn't verify.
        init?(_ bytes: [UInt8]) {
            guard bytes.count >= headerBytes else { return nil }
            let magic = bytes.number(at: 0)
            guard magic & 0xFFFF_FFFE == 0x377F_0682 else { return nil }
            bigEndian = magic & 1 == 1
            let size = Int(bytes.number(at: 8))
            guard size >= 512, size <= 65536, size & (size - 1) == 0 else { return nil }
            pageSize = size
            salt = Array(bytes[16..<24])
            checksum = Sum(bytes.number(at: 24), bytes.number(at: 28))
            guard bytes.walChecksum(0..<24, after: Sum(0, 0), bigEndian: bigEndian) == checksum else { return nil }
        }
    }

    struct FrameReader {
        let bytes: [UInt8]
        let header: Header

        private var stride: Int { frameHeaderBytes + header.pageSize }
        /// Whole frames; what is left at the end was never flushed.
        var count: Int { max(0, bytes.count - headerBytes) / stride }

        private func start(_ frame: Int) -> Int { headerBytes + frame * stride }

        /// Whether the frame belongs to this use of the file; a WAL is overwritten from its start after a checkpoint.
        func isCurrent(_ frame: Int) -> Bool {
            saltDistance(frame) == 0
        }

        /// In how many bits the frame's salt differs from the header's: a few after damage, about half of one word in
        /// a frame of an earlier use of the file, since one of the two words is random.
        func saltDistance(_ frame: Int) -> Int {
            let start = start(frame) + 8
            return zip(bytes[start..<(start + 8)], header.salt).reduce(0) { $0 + ($1.0 ^ $1.1).nonzeroBitCount }
        }

        /// Whether the frame ends a transaction.
        func isCommit(_ frame: Int) -> Bool {
            bytes.number(at: start(frame) + 4) != 0
        }

        func stored(_ frame: Int) -> Sum {
            let start = start(frame)
            return Sum(bytes.number(at: start + 16), bytes.number(at: start + 20))
        }

        func computed(_ frame: Int, after previous: Sum) -> Sum {
            let start = start(frame)
            let overHeader = bytes.walChecksum(start..<(start + 8), after: previous, bigEndian: header.bigEndian)
            let page = (start + frameHeaderBytes)..<(start + stride)
            return bytes.walChecksum(page, after: overHeader, bigEndian: header.bigEndian)
        }
    }
}

extension [UInt8] {
    /// A 32-bit number; the fields of a WAL file are big-endian.
    fileprivate func number(at offset: Int) -> UInt32 {
        withUnsafeBytes { UInt32(bigEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
    }

    /// SQLite's cumulative checksum over pairs of 32-bit words.
    fileprivate func walChecksum(
        _ range: Range<Int>, after previous: WriteAheadLogCheck.Sum, bigEndian: Bool
    ) -> WriteAheadLogCheck.Sum {
        var sum = previous
        withUnsafeBytes { buffer in
            for offset in stride(from: range.lowerBound, to: range.upperBound, by: 8) {
                let first = buffer.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
                let second = buffer.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)
                sum.first &+= (bigEndian ? first.bigEndian : first.littleEndian) &+ sum.second
                sum.second &+= (bigEndian ? second.bigEndian : second.littleEndian) &+ sum.first
            }
        }
        return sum
    }
}
