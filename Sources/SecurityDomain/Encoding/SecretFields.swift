import CryptographicModule

/// Canonical fields that hold secrets, put together in secure memory.
enum SecretFields {
    private static let prefixLength = 4

    /// `publicFields`, then a field for the root and one for the ticket.
    static func append(to publicFields: [UInt8], root: RootKey, ticket: PeerTicket) throws -> Secret {
        let start = publicFields.count
        let second = start + prefixLength + RootKey.length
        return try Secret(count: second + prefixLength + PeerTicket.length) { target in
            target.copyBytes(from: publicFields)
            try root.withSecret { write($0, into: target, at: start) }
            try ticket.withSecret { write($0, into: target, at: second) }
        }
    }

    /// `publicFields`, then a field for each root.
    static func append(to publicFields: [UInt8], roots: [RootKey]) throws -> Secret {
        let fieldLength = prefixLength + RootKey.length
        return try Secret(count: publicFields.count + roots.count * fieldLength) { target in
            target.copyBytes(from: publicFields)
            for (index, root) in roots.enumerated() {
                try root.withSecret { write($0, into: target, at: publicFields.count + index * fieldLength) }
            }
        }
    }

    private static func write(_ secret: borrowing Secret, into target: UnsafeMutableRawBufferPointer, at offset: Int) {
        let prefix = bigEndianBytes(UInt32(secret.count))
        UnsafeMutableRawBufferPointer(rebasing: target[offset...]).copyBytes(from: prefix)
        secret.withUnsafeBytes { bytes in
            UnsafeMutableRawBufferPointer(rebasing: target[(offset + prefix.count)...]).copyBytes(from: bytes)
        }
    }
}
