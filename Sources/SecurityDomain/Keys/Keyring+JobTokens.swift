import CryptographicModule

/// What opens the container of a job, on its way to the node that may have to go on with it.
extension Keyring {
    /// Seals a token under the key-encryption key, bound to pool and job.
    ///
    /// - Parameter job: 16 bytes.
    public func sealJobToken(_ token: String, job: [UInt8]) throws -> [UInt8] {
        try Sealing.seal(
            try Secret(copying: Array(token.utf8)), under: kek, associatedData: jobTokenBinding(job)
        ).bytes
    }

    /// Opens what ``sealJobToken(_:job:)`` made, also under a key-encryption key that is no longer current.
    ///
    /// - Throws: `CryptoError` where the record is none, of another pool or job, or changed.
    public func openJobToken(_ record: [UInt8], job: [UInt8]) throws -> String {
        let record = try SealedRecord(parsing: record)
        let sealing = keyEncryptionKeys.first { $0.id == record.kekID } ?? kek
        let secret = try Sealing.open(record, under: sealing, associatedData: jobTokenBinding(job))
        return secret.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }

    /// `QJT1` ‖ pool ‖ job.
    private func jobTokenBinding(_ job: [UInt8]) -> [UInt8] {
        var writer = FieldWriter(label: "QJT1")
        writer.field(identity.poolID)
        writer.field(job)
        return writer.bytes
    }
}
