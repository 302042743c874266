/// Where a header block has the Huffman code of an `authorization` value that no table keeps (RFC 7541 sections 6.2.2
/// and 6.2.3). Clients on libnghttp2 send their token in this form with each request.
struct AuthorizationLiteral: Equatable {
    /// `authorization` in the static table (RFC 7541 appendix A).
    private static let nameIndex = 23
    private static let huffmanBit: UInt8 = 0x80

    /// The whole representation, from its kind to the end of the value. What it means depends on no table that changes.
    let field: Range<Int>
    /// Where the value's length begins.
    let length: Int
    /// The value's code, at the end of the field.
    let code: Range<Int>

    /// Finds the first such field of a block. Nil as well where the block can't be read so far.
    static func first(in block: UnsafeRawBufferPointer) -> AuthorizationLiteral? {
        var reader = Reader(block: block)
        while let start = reader.position, start < block.count {
            if let found = reader.field() { return found }
        }
        return nil
    }

    /// The same, for one who counts from an earlier byte.
    func moved(by count: Int) -> AuthorizationLiteral {
        AuthorizationLiteral(
            field: field.lowerBound + count..<field.upperBound + count, length: length + count,
            code: code.lowerBound + count..<code.upperBound + count)
    }

    /// Walks along the representations of a block. Without a position it has met what it can't read.
    private struct Reader {
        let block: UnsafeRawBufferPointer
        var position: Int? = 0

        /// Steps over one representation. Returns it if it is what is looked for.
        mutating func field() -> AuthorizationLiteral? {
            guard let start = position, let kind = byte() else { return nil }
            switch kind {
            case 0x80...:  // A field of a table.
                _ = integer(kind, prefix: 7)
            case 0x40...:  // A literal that a table keeps.
                if integer(kind, prefix: 6) == 0 { _ = string() }
                _ = string()
            case 0x20...:  // A new size of the table.
                _ = integer(kind, prefix: 5)
            default:
                let name = integer(kind, prefix: 4)
                if name == 0 { _ = string() }
                guard let length = position, let code = string(), name == nameIndex else { return nil }
                if block[length] & huffmanBit == 0 { return nil }
                return AuthorizationLiteral(field: start..<code.upperBound, length: length, code: code)
            }
            return nil
        }

        private mutating func byte() -> UInt8? {
            guard let place = position, place < block.count else {
                position = nil
                return nil
            }
            position = place + 1
            return block[place]
        }

        /// RFC 7541 section 5.1, of three more bytes at most.
        private mutating func integer(_ first: UInt8, prefix: UInt8) -> Int? {
            let most = (1 << Int(prefix)) - 1
            var value = Int(first) & most
            guard value == most else { return value }
            for shift in [0, 7, 14] {
                guard let next = byte() else { return nil }
                value += Int(next & 0x7F) << shift
                if next & 0x80 == 0 { return value }
            }
            position = nil
            return nil
        }

        /// Steps over a string (section 5.2). Returns where its bytes are.
        private mutating func string() -> Range<Int>? {
            guard let first = byte(), let count = integer(first, prefix: 7), let start = position,
                count <= block.count - start
            else {
                position = nil
                return nil
            }
            position = start + count
            return start..<start + count
        }
    }
}
