import CryptographicModule
import Glibc

/// What is found at the end of an existing log when it is opened, and what has to be recorded about it.
struct RecoveredLog {
    /// The file to go on with; `nil` for a folder without a log.
    var file: UInt64?
    /// Its length up to the last good line, bytes.
    var length = 0
    /// The last good line.
    var head = AuditHead.empty
    /// Records to be made before any other.
    var notes: [AuditEvent] = []
}

/// Opens the end of an existing log.
///
/// A crash can only leave a line behind that was never acknowledged: without its end, or with a hole of zeros in it.
/// Such a line, and what follows it, is moved aside and recorded. Anything else that doesn't verify was not done by a
/// crash: the log refuses to open.
struct TailRecovery {
    let folder: LogFolder
    let anchors: [AuditHead]
    /// Whether nothing is moved aside, cut off or removed: only what there is to be done is found.
    var isTrial = false

    func recover() throws(AuditOpenError) -> RecoveredLog {
        var log = RecoveredLog()
        var (numbers, _) = try folder.list()
        let sidecar = try sidecarHead()
        while let last = numbers.last {
            let start = try head(before: last, in: numbers)
            let known = ((sidecar.map { [ChainScanner.Checkpoint(head: $0, isSidecar: true)] } ?? [])
                + anchors.map { ChainScanner.Checkpoint(head: $0, isSidecar: false) }).filter { $0.head.count > 0 }
            try compareEarlier(known.filter { $0.head.count <= start.count }, than: start, of: last, in: numbers)
            var scanner = ChainScanner(after: start, checkpoints: known)
            let result = try scanner.scan(path: folder.filePath(last), number: last)
            log.head = scanner.head
            log.file = last
            log.length = result.goodBytes
            guard let fault = result.fault else { break }
            let damage = AuditBreak(file: LogFolder.fileName(last), line: result.lines + 1, kind: fault)
            guard try isTorn(result, fault, file: last) else { throw .damaged(damage) }
            try checkLength(log.head, sidecar: sidecar, at: damage)
            try moveAside(&log, file: last, from: result.goodBytes)
            guard result.lines == 0 else { break }
            // Not even the header was finished: the file holds no record, and its number is used again.
            try remove(last)
            numbers.removeLast()
            log.file = nil
        }
        let end = AuditBreak(file: LogFolder.fileName(log.file ?? 1), line: 0, kind: .badHead)
        try checkLength(log.head, sidecar: sidecar, at: end)
        if log.file != nil, sidecar == nil { log.notes.append(Self.note("AuditHeadMissing", [])) }
        return log
    }

    private func sidecarHead() throws(AuditOpenError) -> AuditHead? {
        switch try folder.readHead() {
        case .absent: return nil
        case .head(let head): return head
        case .unreadable: throw .damaged(AuditBreak(file: LogFolder.headName, line: 0, kind: .badHead))
        }
    }

    /// The last line of the file before `number`, which the header of `number` must follow.
    private func head(before number: UInt64, in numbers: [UInt64]) throws(AuditOpenError) -> AuditHead {
        guard number > 1 else { return .empty }
        guard numbers.contains(number - 1) else {
            guard numbers.first == number else {
                throw .damaged(AuditBreak(file: LogFolder.fileName(number - 1), line: 0, kind: .missingFile))
            }
            return try AuditVerifier.start(of: folder, first: number)
        }
        let lastLine = try Disk.read(
            folder.filePath(number - 1),
            from: max(0, Disk.size(folder.filePath(number - 1)) - ChainedLine.maximumBytes - 1),
            limit: ChainedLine.maximumBytes + 1)
        let line = lastLine.dropLast().split(separator: UInt8(ascii: "\n")).last.map(Array.init) ?? []
        let parts = line.withUnsafeBytes { line in ChainedLine.Parts(line).map { ($0.sequence, $0.chain) } }
        guard lastLine.last == UInt8(ascii: "\n"), let (sequence, chain) = parts else {
            throw .damaged(AuditBreak(file: LogFolder.fileName(number - 1), line: 0, kind: .malformedLine))
        }
        return AuditHead(count: sequence, chain: chain)
    }

    /// Compares what is known of lines before the last file: mostly there is nothing, for what is known is about a
    /// second old. Files that were moved away can't be compared.
    private func compareEarlier(
        _ known: [ChainScanner.Checkpoint], than start: AuditHead, of last: UInt64, in numbers: [UInt64]
    ) throws(AuditOpenError) {
        var (end, number) = (start, last)
        while let oldest = known.map(\.head.count).min() {
            if let fault = ChainScanner(after: end, checkpoints: known).disagreement() {
                throw .damaged(AuditBreak(file: LogFolder.fileName(number), line: 1, kind: fault))
            }
            guard oldest < end.count, number > 1, numbers.contains(number - 1) else { return }
            number -= 1
            let begin = try head(before: number, in: numbers)
            var scanner = ChainScanner(after: begin, checkpoints: known)
            let result = try scanner.scan(path: folder.filePath(number), number: number)
            guard result.fault == nil, scanner.head == end else {
                let kind = result.fault ?? .wrongChain
                throw .damaged(AuditBreak(file: LogFolder.fileName(number), line: result.lines + 1, kind: kind))
            }
            end = begin
        }
    }

    private func isTorn(
        _ result: ChainScanner.FileResult, _ fault: AuditBreakKind, file: UInt64
    ) throws(AuditOpenError) -> Bool {
        if fault == .tornLine || result.faultHasHole { return true }
        guard fault == .badHeader, result.lines == 0 else { return false }
        return try Disk.size(folder.filePath(file)) == 0
    }

    private func checkLength(_ head: AuditHead, sidecar: AuditHead?, at place: AuditBreak) throws(AuditOpenError) {
        if let sidecar, sidecar.count > head.count {
            let kind = AuditBreakKind.shorterThanHead(expected: sidecar.count, found: head.count)
            throw .damaged(AuditBreak(file: place.file, line: place.line, kind: kind))
        }
        if let anchor = anchors.map(\.count).max(), anchor > head.count {
            let kind = AuditBreakKind.shorterThanAnchor(expected: anchor, found: head.count)
            throw .damaged(AuditBreak(file: place.file, line: place.line, kind: kind))
        }
    }

    /// Copies what stands behind the good lines into a file of its own, then cuts it off. A crash in between repeats
    /// both.
    private func moveAside(_ log: inout RecoveredLog, file: UInt64, from offset: Int) throws(AuditOpenError) {
        let path = folder.filePath(file)
        let bytes = try Disk.read(path, from: offset, limit: max(0, Disk.size(path) - offset))
        guard !bytes.isEmpty, !isTrial else { return }
        let name = "\(LogFolder.fileName(file)).\(offset).torn"
        try Disk.replace(name, in: folder.path, with: bytes)
        try Disk.syncFolder(folder.path)
        let descriptor = try Disk.open(path, O_WRONLY)
        defer { close(descriptor) }
        guard ftruncate(descriptor, off_t(offset)) == 0, fsync(descriptor) == 0 else {
            throw .system(call: "ftruncate", path: path, errno: errno)
        }
        log.notes.append(
            Self.note(
                "AuditTornTail",
                [
                    .init("file", name), .init("bytes", String(bytes.count)),
                    .init("sha256", Base64URL.encode(Digest.sha256(bytes))),
                ]))
    }

    private func remove(_ number: UInt64) throws(AuditOpenError) {
        guard !isTrial else { return }
        guard unlink(folder.filePath(number)) == 0 else {
            throw .system(call: "unlink", path: folder.filePath(number), errno: errno)
        }
        try Disk.syncFolder(folder.path)
    }

    /// A record of the log about itself.
    static func note(_ operation: String, _ extra: [AuditDetails.Extra]) -> AuditEvent {
        AuditEvent(
            time: Clock.unixMilliseconds(), operationName: operation, status: 200,
            caller: AuditCaller(objectID: "", authentication: .system), details: AuditDetails(extra: extra))
    }
}
