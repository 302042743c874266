import Testing

/// What has to change together with a schema.
@Suite struct SchemaTests {
    /// The fields of the messages that are also written by hand, and where. The messages' other encoding is made of
    /// these fields; one that a message is given beside them belongs there too, and into the values of the tests that
    /// compare the encodings (`DirectEncodingTests`, `DirectAppendTests`).
    private static let writtenByHand: [String: Set<Int>] = [
        // PoolState/Schema/DirectCommands.swift
        "Envelope": Set(1...6), "KeyAttributeChange": Set(1...7), "TimeChange": [1], "Tags": [1], "Tag": [1, 2],
        // PoolState/Schema/DirectRows.swift
        "KeyVersion": Set(1...12), "KeyHeader": Set(1...14), "PublicKey": Set(1...3), "RSAPublicKey": [1, 2],
        "ECPublicKey": Set(1...3), "ReleasePolicy": [1, 2], "CompletedProposal": Set(1...7), "Applied": [],
        "KeyVersionName": [1, 2], "Progress": [1, 2],
        // Replication/Wire/DirectAppend.swift
        "RaftMessage": Set(1...14), "AppendRequest": Set(1...5), "LogEntry": Set(1...6), "LogPosition": [1, 2],
        "NoOp": [], "AppendResponse": Set(1...6), "LeaseRequest": [1, 2],
    ]

    @Test func messagesThatAreWrittenByHandHaveTheFieldsThatAreWritten() {
        let schema = Self.fields(of: SourceTree.shared.generated)
        for (message, fields) in Self.writtenByHand {
            #expect(schema[message] == fields, "\(message)")
        }
    }

    /// The fields of each generated message, by what it decodes.
    private static func fields(of files: [SourceTree.File]) -> [String: Set<Int>] {
        var messages: [String: Set<Int>] = [:]
        var current: String?
        for line in files.filter({ $0.path.hasSuffix(".pb.swift") }).flatMap(\.lines) {
            if let match = line.firstMatch(of: /let protoMessageName: String = .*"\.?(?:\w+\.)*(\w+)"$/) {
                current = String(match.1)
                messages[String(match.1)] = []
            }
            if let current, let match = line.firstMatch(of: /^ +case (\d+): try \{/), let number = Int(match.1) {
                messages[current]?.insert(number)
            }
        }
        return messages
    }
}
