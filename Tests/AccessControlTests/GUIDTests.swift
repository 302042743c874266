import AccessControl
import Testing

@Suite struct GUIDTests {
    @Test func textFormRoundTrips() throws {
        let text = "21dbd100-6940-42c2-9190-5d6cb909625b"
        let guid = try #require(GUID(text))
        #expect(guid.description == text)
        #expect(GUID(text.uppercased()) == guid)
        #expect(GUID(bytes: guid.bytes) == guid)
        #expect(guid.bytes.first == 0x21 && guid.bytes.last == 0x5b)
    }

    @Test(arguments: [
        "", "21dbd100694042c291905d6cb909625b", "{21dbd100-6940-42c2-9190-5d6cb909625b}",
        "21dbd100-6940-42c2-9190-5d6cb909625", "21dbd100-6940-42c2-9190-5d6cb909625b0",
        "21dbd100-6940-42c2-9190-5d6cb909625g", "21dbd100-6940-42c2-91905-d6cb909625b",
        "21dbd100-6940-42c2-9190-5d6cb909625é", "------------------------------------",
    ])
    func anythingElseIsRefused(_ text: String) {
        #expect(GUID(text) == nil)
    }

    @Test func onlySixteenBytesAreAnIdentifier() {
        #expect(GUID(bytes: [UInt8](repeating: 1, count: 15)) == nil)
        #expect(GUID(bytes: [UInt8](repeating: 1, count: 17)) == nil)
    }

    @Test func orderIsThatOfTheText() throws {
        let ordered = [GUID(high: 0, low: .max), GUID(high: 1, low: 0), GUID(high: 1, low: 1), GUID(high: .max, low: 0)]
        #expect(ordered.sorted() == ordered)
        #expect(ordered.map(\.description).sorted() == ordered.map(\.description))
    }
}
