import ProtobufCoding
import SwiftProtobuf
import Testing

/// Compared with the well-known types of Protocol Buffers, whose encoding others have written.
@Suite struct CanonicalCodingTests {
    /// On both sides of where a number needs another byte.
    private static let numbers: [UInt64] = {
        let limits = (1...9).map { UInt64(1) << UInt64($0 * 7) }
        return [0, .max, UInt64(Int64.max)] + limits + limits.map { $0 - 1 }
    }()

    /// On both sides of where a length needs another byte.
    private static let counts = [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152]

    private func written(_ body: (inout CanonicalWriter) -> Void) -> [UInt8] {
        var writer = CanonicalWriter(reserving: 0)
        body(&writer)
        return writer.bytes
    }

    /// Without the difference of millions of bytes, which takes long to find.
    private func expectEqual(_ found: [UInt8], _ expected: [UInt8], _ location: SourceLocation = #_sourceLocation) {
        let isEqual = found == expected
        #expect(isEqual, "\(found.prefix(40))", sourceLocation: location)
    }

    @Test(arguments: numbers) func numbersAreThoseOfOthers(_ number: UInt64) throws {
        let bytes = written { $0.field(1, number) }
        #expect(try bytes == Google_Protobuf_UInt64Value(number).serializedBytes())
        let signed = Int64(bitPattern: number)
        #expect(try written { $0.field(1, signed) } == Google_Protobuf_Int64Value(signed).serializedBytes())
        let present = written { $0.present(1, number) }
        #expect(number == 0 ? present == [0x08, 0] && bytes.isEmpty : present == bytes)
        var reader = CanonicalReader(present)
        #expect(reader.number(1) == number && reader.isComplete)
    }

    @Test(arguments: counts) func lengthsAreThoseOfOthers(_ count: Int) throws {
        let value = [UInt8](repeating: 0x61, count: count)
        let text = String(decoding: value, as: UTF8.self)
        let bytes = written { $0.field(1, value) }
        expectEqual(bytes, try Google_Protobuf_StringValue(text).serializedBytes())
        expectEqual(bytes, written { $0.field(1, text) })
        let present = written { $0.present(1, value) }
        expectEqual(present, count == 0 ? [0x0A, 0] : bytes)
        // As if each message within had been encoded before.
        let nested = written { $0.message(1) { $0.message(1) { $0.present(1, value) } } }
        expectEqual(nested, written { $0.present(1, written { $0.present(1, present) }) })
        var reader = CanonicalReader(nested)
        var found: [UInt8]?
        reader.message(1) { $0.message(1) { found = $0.bytes(1) } }
        expectEqual(found ?? [1, 2], value)
        #expect(reader.isComplete)
        reader = CanonicalReader(present)
        expectEqual(Array((reader.text(1) ?? "none").utf8), value)
        #expect(reader.isComplete)
    }

    @Test func flagsAndFieldsBeyondTheFifteenth() {
        #expect(written { $0.field(2, false) } == [])
        #expect(written { $0.field(2, true) } == [0x10, 1])
        #expect(written { $0.field(16, UInt32(5)) } == [0x80, 0x01, 5])
    }

    @Test func readsOnlyWhatIsAskedForInOrder() {
        let bytes = written {
            $0.field(1, UInt64(7))
            $0.field(3, [9])
        }
        var reader = CanonicalReader(bytes)
        #expect(reader.bytes(1) == nil && reader.number(2) == nil && reader.number(1) == 7)
        #expect(!reader.isComplete)
        #expect(reader.number(3) == nil && reader.bytes(3) == [9] && reader.isComplete)
        #expect(reader.bytes(3) == nil && reader.isComplete)
        reader = CanonicalReader([])
        #expect(reader.number(1) == nil && reader.isComplete)
    }

    /// Numbers that end early, have an eleventh byte, or don't fit into 64 bits.
    private static let noNumbers: [[UInt8]] = [
        [0x08], [0x08, 0x80], [0x08] + [UInt8](repeating: 0xFF, count: 10) + [0],
        [0x08] + [UInt8](repeating: 0xFF, count: 9) + [2],
    ]

    @Test(arguments: noNumbers) func brokenNumbers(_ bytes: [UInt8]) {
        var reader = CanonicalReader(bytes)
        _ = reader.number(1)
        #expect(!reader.isComplete)
    }

    /// Lengths beyond the end, by one and as far as they go, and some that are none.
    private static let noLengths: [[UInt8]] = [
        [0x0A], [0x0A, 0x80], [0x0A, 2, 0], [0x0A] + [UInt8](repeating: 0xFF, count: 9) + [1],
        [0x0A] + [UInt8](repeating: 0xFF, count: 8) + [0x7F], [0x0A] + [UInt8](repeating: 0xFF, count: 10),
    ]

    @Test(arguments: noLengths) func brokenLengths(_ bytes: [UInt8]) {
        var reader = CanonicalReader(bytes)
        #expect(reader.bytes(1) == nil && !reader.isComplete)
        reader = CanonicalReader(bytes)
        let isThere = reader.message(1) { _ in Issue.record("there is no message") }
        #expect(!isThere && !reader.isComplete)
    }

    /// What goes beyond a message within doesn't read what follows on it, and what is left of it isn't passed over.
    @Test func messagesWithinAreReadAsAWhole() {
        let bytes: [UInt8] = [0x0A, 2, 0x08, 7, 0x10, 5]
        var reader = CanonicalReader(bytes)
        let isThere = reader.message(1) {
            let (number, other) = ($0.number(1), $0.number(2))
            #expect(number == 7 && other == nil)
        }
        #expect(isThere && reader.number(2) == 5 && reader.isComplete)
        for body in [{ _ in }, { _ = $0.number(2) }] as [(inout CanonicalReader) -> Void] {
            reader = CanonicalReader(bytes)
            let isThere = reader.message(1, body)
            #expect(isThere && reader.number(2) == 5 && !reader.isComplete)
        }
    }

    @Test func textThatIsNoneHasAnotherEncoding() {
        let bytes: [UInt8] = [0x0A, 2, 0xC3, 0x28]
        var reader = CanonicalReader(bytes)
        let text = reader.text(1)
        #expect(reader.isComplete && text.map { text in written { $0.field(1, text) } } != bytes)
    }
}
