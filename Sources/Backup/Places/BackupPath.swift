/// What every store accepts as a path: segments that mean the same to all of them.
public enum BackupPath {
    /// - Parameter path: segments with `/` between them.
    /// - Returns: nil unless there are 1 to 16 segments of 1 to 128 letters, digits, `-`, `_`, `.`, `$` each, none of
    ///   them `.` or `..`.
    public static func segments(_ path: Substring) -> [String]? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (1...16).contains(parts.count), parts.allSatisfy(isPlain) else { return nil }
        return parts
    }

    /// The same for a whole text.
    public static func segments(_ path: String) -> [String]? { segments(path[...]) }

    private static func isPlain(_ segment: String) -> Bool {
        (1...128).contains(segment.utf8.count) && segment != "." && segment != ".."
            && segment.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "a")...UInt8(ascii: "z"):
                    true
                default: "-_.$".utf8.contains(byte)
                }
            }
    }
}
