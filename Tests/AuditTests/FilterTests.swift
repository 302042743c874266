import Testing

@testable import Audit

/// Looking for records.
@Suite struct FilterTests {
    private static func record(_ operation: String, _ identifier: String, caller: String) -> [UInt8] {
        let identity = #"{\"claim\":{\"http_schemas_microsoft_com_identity\":{\"claims\":{\"objectidentifier\":\""#
            + caller + #"\"}}}}"#
        return Array(
            #"{"operationName":"\#(operation)","identity":"\#(identity)","properties":{"id":"\#(identifier)"}}"#.utf8)
    }

    @Test func recordsAreFoundByWhatTheyAreOf() {
        let signed = Self.record("KeySign", "https://h:1/keys/k/0123", caller: "a-1")
        let deleted = Self.record("KeyPurge", "https://h:1/deletedkeys/k", caller: "b-2")
        func found(_ filter: AuditFilter) -> [Bool] { [signed, deleted].map(filter.lets) }
        #expect(found(AuditFilter(key: "k")) == [true, true])
        #expect(found(AuditFilter(key: "0123")) == [false, false])
        #expect(found(AuditFilter(caller: "A-1")) == [true, false])
        #expect(found(AuditFilter(operation: "keypurge")) == [false, true])
        #expect(found(AuditFilter(key: "k", caller: "b-2", operation: "KeySign")) == [false, false])
        #expect(AuditFilter().isEmpty && !AuditFilter(key: "k").isEmpty)
        let refused = #"{"operationName":"KeySign","requestUri":"https://h:1/keys/k/0123/sign","properties":{}}"#
        let restored = #"{"operationName":"SelectiveKeyRestoreEnd","requestUri":"","properties":{"key":"k"}}"#
        for line in [refused, restored] {
            #expect(AuditFilter(key: "k").lets(Array(line.utf8)) && !AuditFilter(key: "j").lets(Array(line.utf8)))
        }
        for line in [#"{"header":1}"#, "no record", #"{"operationName":"KeySign"}"#] {
            #expect(!AuditFilter(key: "k").lets(Array(line.utf8)), "\(line)")
        }
    }
}
