import Foundation

/// What a machine says of itself, so that the peers notice when a node's folder is started in another one.
enum MachineFacts {
    private static let file = "/etc/machine-id"
    private static let limit = 128

    /// The machine's id (machine-id(5)), or that it has none: then the node may be moved unnoticed.
    static func read() -> [UInt8] {
        guard let handle = FileHandle(forReadingAtPath: file),
            let found = try? handle.read(upToCount: limit), !found.isEmpty
        else { return Array("machine-id=none".utf8) }
        return Array("machine-id=".utf8) + found.filter { !Character(UnicodeScalar($0)).isWhitespace }
    }
}
