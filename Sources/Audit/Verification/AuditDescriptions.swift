// What operators read when a log doesn't verify or a node doesn't start on it.

import Glibc

extension AuditBreakKind: CustomStringConvertible {
    public var description: String {
        switch self {
        case .missingFile: "the file is missing"
        case .badHeader: "the file's first line isn't the header that follows the file before it"
        case .malformedLine: "the line isn't a record"
        case .wrongSequence(let expected, let found):
            "the line has number \(found) where \(expected) belongs: lines were removed, repeated, inserted or moved"
        case .wrongChain: "the chain value doesn't follow from the line and the one before it: one of them was changed"
        case .tornLine: "the line has no end"
        case .shorterThanHead(let expected, let found):
            "the log ends after \(found) lines, and the file 'head' knows \(expected): the end was cut off"
        case .headMismatch: "the line isn't the one that the file 'head' knows: lines were rewritten"
        case .badHead: "the file can't be read"
        case .shorterThanAnchor(let expected, let found):
            "the log ends after \(found) lines, and the pool knows of \(expected): the end was cut off"
        case .anchorMismatch(let count):
            "line \(count) of the log isn't the one that the pool knows: lines were rewritten"
        }
    }
}

extension AuditBreak: CustomStringConvertible {
    public var description: String { line > 0 ? "\(file), line \(line): \(kind)" : "\(file): \(kind)" }
}

extension AuditOpenError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .system(let call, let path, let code): "\(path): \(call) failed: \(String(cString: strerror(code)))"
        case .unsafePermissions(let path):
            "\(path) is a link, another user's, or open to group or others (chmod go= \(path))"
        case .inUse: "another process has the audit log open"
        case .damaged(let place):
            "the audit log was changed: \(place). Keep it as evidence, and put the audit folder back from a copy"
        }
    }
}
