import StrictJSON
import Testing

@Suite struct JSONTests {
    private func parse(_ text: String, _ limits: JSONReader.Limits = .init()) throws -> JSONValue {
        try JSONReader.parse(Array(text.utf8), limits: limits)
    }

    @Test func values() throws {
        #expect(try parse(" null\n") == .null)
        #expect(try parse("[true,false]") == .array([.bool(true), .bool(false)]))
        for (text, number) in [("0", 0), ("-0", 0), ("7", 7), ("7.0", 7), ("70e-1", 7), ("-12", -12), ("1E3", 1000)] {
            #expect(try parse(text) == .integer(Int64(number)), "\(text)")
        }
        #expect(try parse("9223372036854775807") == .integer(.max))
        #expect(try parse("-9223372036854775808") == .integer(.min))
        #expect(try parse("9223372036854775808") == .double(9_223_372_036_854_775_808))
        #expect(try parse("1.5") == .double(1.5))
        // An integer is the one that was written, or none.
        #expect(try parse("9007199254740993") == .integer(9_007_199_254_740_993))
        #expect(try parse("9007199254740991.0") == .integer(9_007_199_254_740_991))
        #expect(try parse("9007199254740993.0") == .double(9_007_199_254_740_992))
        #expect(try parse("-1e16") == .double(-1e16))
        #expect(try parse(#""a\"\\\/\b\f\n\r\tA\u00e9\ud83d\ude00é""#) == .string("a\"\\/\u{8}\u{C}\n\r\tAé😀é"))
        guard case .object(let object) = try parse(#"{"a":null,"b":{"c":[]},"":1}"#) else {
            Issue.record("an object")
            return
        }
        // An explicit null reads as absent.
        #expect(object["a"] == nil && object["b"] != nil && object[""] == .integer(1) && object["x"] == nil)
        #expect(object.members.map(\.name) == ["a", "b", ""])
        #expect(object.without("b").members.map(\.name) == ["a", ""])
    }

    @Test func whatIsRefusedAndWhere() {
        for (text, offset, reason) in [
            ("", 0, "ends early"), ("{", 1, "member name"), ("[1", 2, "ends early"), (#"{"a":1"#, 6, "ends early"),
            (#""abc"#, 4, "ends early"), (#""\"#, 2, "ends early"), ("tru", 0, "ends early"),
            ("trux", 0, "unexpected word"),
            ("[1 2]", 3, "expected ','"), (#"{"a" 1}"#, 5, "expected ':'"), ("{1:2}", 1, "member name"),
            ("[1,]", 3, "unexpected character"), (#"{"a":1,}"#, 7, "member name"), ("1 2", 2, "after the document"),
            ("01", 1, "after the document"), ("1.", 2, "a digit"), ("1e+", 3, "a digit"), ("-", 1, "a digit"),
            ("1e999", 5, "out of range"), (#"{"a":1,"a":2}"#, 10, "duplicate"),
            (#"{"a":1,"\u0061":2}"#, 15, "duplicate"),
            (#""\x""#, 3, "unknown escape"), (#""\u12g4""#, 3, "hexadecimal"), (#""\ud800""#, 7, "surrogate"),
            (#""\udc00""#, 7, "surrogate"), (#""\ud800\u0041""#, 13, "surrogate"),
            ("\"\u{1}\"", 1, "control character"),
        ] {
            #expect(throws: JSONReader.Failure.self, "\(text)") { try parse(text) }
            do throws(JSONReader.Failure) {
                _ = try JSONReader.parse(Array(text.utf8))
            } catch {
                #expect(error.offset == offset && error.reason.contains(reason), "\(text): \(error)")
            }
        }
        let invalidUTF8: [[UInt8]] = [
            [0xFF], [0x22, 0xC3, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xC0, 0xAF, 0x22],
        ]
        for bytes in invalidUTF8 { #expect(throws: JSONReader.Failure.self) { try JSONReader.parse(bytes) } }
    }

    @Test func amongManyMembersNoneIsRepeated() throws {
        let names = (0..<40).map { "\"member-\($0)\":\($0)" }
        for count in [1, 15, 16, 17, 18, 40] {
            guard case .object(let object) = try parse("{\(names[..<count].joined(separator: ","))}") else {
                Issue.record("an object")
                return
            }
            #expect(object.members.count == count && object["member-\(count - 1)"] == .integer(Int64(count - 1)))
            for repeated in [0, count / 2, count - 1] {
                let text = "{\((names[..<count] + [names[repeated]]).joined(separator: ","))}"
                #expect(throws: JSONReader.Failure.self, "\(text)") { try parse(text) }
            }
        }
    }

    @Test func limits() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(throws: Never.self) { try parse(nested(16)) }
        #expect(throws: JSONReader.Failure.self) { try parse(nested(17)) }
        #expect(throws: JSONReader.Failure.self) { try parse(String(repeating: "[", count: 1_000_000)) }
        let three = JSONReader.Limits(depth: 2, members: 3, numberLength: 4)
        for text in ["[1,2,3]", #"{"a":1,"b":2,"c":3}"#, "1234", "[[],[]]"] {
            #expect(throws: Never.self) { try parse(text, three) }
        }
        for text in ["[1,2,3,4]", #"{"a":1,"b":2,"c":3,"d":4}"#, "12345", "[[[]]]"] {
            #expect(throws: JSONReader.Failure.self) { try parse(text, three) }
        }
    }

    @Test func writing() {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("a/b", "\"\\\u{1}\u{7F}é")
            writer.member("n", -7)
            writer.member("t", true)
            writer.member("l", array: ["x", ""])
            writer.member("o") { $0.object { _ in } }
            writer.member("e") { $0.array { writer in for _ in 0..<2 { writer.null() } } }
            writer.name("p")
            writer.plainASCII("AQ".utf8)
        }
        #expect(
            String(decoding: writer.bytes, as: UTF8.self)
                == #"{"a/b":"\"\\\u0001\u007fé","n":-7,"t":true,"l":["x",""],"o":{},"e":[null,null],"p":"AQ"}"#)
    }

    @Test func whatIsWrittenIsRead() throws {
        var generator = Generator(state: 7)
        for _ in 0..<2000 {
            let value = generator.value(depth: 0)
            var writer = JSONWriter()
            writer.value(value)
            #expect(try JSONReader.parse(writer.bytes) == value)
        }
    }

    @Test func nothingTrapsOnDamagedText() {
        var generator = Generator(state: 11)
        var accepted = 0
        for _ in 0..<20_000 {
            var writer = JSONWriter()
            writer.value(generator.value(depth: 0))
            var bytes = writer.bytes
            for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: place)
                default: bytes.insert(Array("{}[]\",:\\u0eE.-+".utf8).randomElement(using: &generator) ?? 0, at: place)
                }
            }
            // What is still accepted must survive being written and read again.
            guard let value = try? JSONReader.parse(bytes) else { continue }
            accepted += 1
            var again = JSONWriter()
            again.value(value)
            #expect((try? JSONReader.parse(again.bytes)) == value)
        }
        #expect(accepted > 100 && accepted < 19_000)
    }

    @Test func hexadecimal() {
        #expect(Hexadecimal.encode([0, 0x0F, 0xA5, 0xFF]) == "000fa5ff")
        #expect(Hexadecimal.decode("000fA5Ff") == [0, 0x0F, 0xA5, 0xFF])
        for text in ["0", "0g", "+f", " 0", "0x"] { #expect(Hexadecimal.decode(text) == nil) }
    }

    /// Values by a seed (SplitMix64).
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }

        mutating func text() -> String {
            let scalars: [Unicode.Scalar] = [
                "a", "\"", "\\", "\u{0}", "\u{1F}", "\u{7F}", "é", "😀", "\u{202E}", "/", "\u{FFFF}",
            ]
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0..<8, using: &self) { text.append(scalars.randomElement(using: &self) ?? "a") }
            return String(text)
        }

        mutating func value(depth: Int) -> JSONValue {
            switch Int.random(in: 0..<(depth < 4 ? 7 : 5), using: &self) {
            case 0: return .null
            case 1: return .bool(Bool.random(using: &self))
            case 2: return .integer(Int64(bitPattern: next()) >> Int64.random(in: 0..<64, using: &self))
            case 3: return .double(Double(Int64(bitPattern: next()) >> 20) + 0.125)
            case 4: return .string(text())
            case 5: return .array((0..<Int.random(in: 0..<4, using: &self)).map { _ in value(depth: depth + 1) })
            default:
                // Objects are made by reading, as their members can't be set.
                var writer = JSONWriter()
                let count = Int.random(in: 0..<4, using: &self)
                let values = (0..<count).map { _ in value(depth: depth + 1) }
                let names = (0..<count).map { "\($0)" + text() }
                writer.object { writer in
                    for (name, value) in zip(names, values) { writer.member(name) { $0.value(value) } }
                }
                return (try? JSONReader.parse(writer.bytes)) ?? .null
            }
        }
    }
}
