import Glibc

/// The Huffman code of the token that a connection sent last, and the token: the same code means the same.
struct RepeatedToken {
    /// Longer codes are not kept: there is one of these for each connection.
    private static let longest = 4096

    private var code: [UInt8] = []
    private var token: [UInt8] = []

    /// The value of a literal in `block`: as it was, or as the decoder finds now; nil if it can't be decoded or kept.
    mutating func value(
        of literal: AuthorizationLiteral, in block: UnsafeRawBufferPointer, by decoder: FieldDecoder
    ) -> [UInt8]? {
        guard literal.code.count <= Self.longest else { return nil }
        let code = block.part(literal.code)
        if isLast(code) { return token }
        guard let value = decoder.value(of: block.part(literal.field)) else { return nil }
        self.code.removeAll(keepingCapacity: true)
        self.code.append(contentsOf: code)
        token = value
        return value
    }

    private func isLast(_ code: UnsafeRawBufferPointer) -> Bool {
        guard !code.isEmpty, code.count == self.code.count, let start = code.baseAddress else { return false }
        return self.code.withUnsafeBytes { kept in
            kept.baseAddress.map { memcmp(start, $0, kept.count) == 0 } ?? false
        }
    }
}
