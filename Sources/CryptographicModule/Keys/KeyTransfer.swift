/// Key material from one sealed form to another. It is open in secure memory for the time of the change, and never
/// outside.
extension CryptographicModule {
    /// Seals a stored key anew under a header with other operations or another release policy.
    ///
    /// What must not change doesn't: identity, type, whether it is exportable, and whether it is for importing only,
    /// since such a key could otherwise be made to decrypt what was wrapped for it.
    ///
    /// - Throws: ``CryptoError/authenticationFailed`` where the record isn't that of `old`;
    ///   ``CryptoError/keyRejected(_:)`` where the headers differ in more than they may.
    public func reseal(_ record: SealedRecord, from old: KeyHeader, to new: KeyHeader) throws(CryptoError)
        -> SealedRecord
    {
        var expected = old
        expected.operations = new.operations
        expected.releasePolicyDigest = new.releasePolicyDigest
        expected.releasePolicyImmutable = new.releasePolicyImmutable
        expected.revision = new.revision
        guard new == expected, old.revision < .max, new.revision == old.revision + 1,
            old.operations.contains(.import) == new.operations.contains(.import),
            !old.releasePolicyImmutable
                || (new.releasePolicyImmutable && new.releasePolicyDigest == old.releasePolicyDigest)
        else { throw .keyRejected("its header can't be changed so") }
        return try move(
            record, from: try kek(for: record), old.associatedData(), to: try currentKEK(), new.associatedData())
    }

    /// Seals a stored key under the key-encryption key that seals now.
    ///
    /// - Returns: `nil` where it is sealed under that one already.
    /// - Throws: ``CryptoError/authenticationFailed`` where the record isn't that of `header`.
    public func rewrap(_ record: SealedRecord, of header: KeyHeader) throws(CryptoError) -> SealedRecord? {
        let target = try currentKEK()
        guard record.kekID != target.id else { return nil }
        let binding = header.associatedData()
        return try move(record, from: try kek(for: record), binding, to: target, binding)
    }

    /// Seals a stored key under a backup key.
    ///
    /// - Parameter associatedData: what the result is bound to.
    /// - Throws: ``CryptoError/authenticationFailed`` where the record isn't that of `header`.
    public func seal(
        _ record: SealedRecord, of header: KeyHeader, forBackupUnder backupKey: SecretKey, associatedData: [UInt8]
    ) throws(CryptoError) -> SealedRecord {
        try move(record, from: try kek(for: record), header.associatedData(), to: backupKey, associatedData)
    }

    /// Seals a key out of a backup for this pool.
    ///
    /// - Throws: ``CryptoError/authenticationFailed`` where the record was sealed under another key or with other
    ///   associated data.
    public func restore(
        _ record: SealedRecord, sealedUnder backupKey: SecretKey, associatedData: [UInt8], as header: KeyHeader
    ) throws(CryptoError) -> SealedRecord {
        try move(record, from: backupKey, associatedData, to: try currentKEK(), header.associatedData())
    }

    private func move(
        _ record: SealedRecord, from source: SecretKey, _ sourceData: [UInt8], to target: SecretKey,
        _ targetData: [UInt8]
    ) throws(CryptoError) -> SealedRecord {
        try health.requireGood()
        do {
            let secret = try Sealing.open(record, under: source, associatedData: sourceData)
            return try Sealing.seal(secret, under: target, associatedData: targetData)
        } catch let error as CryptoError {
            throw error
        } catch {
            throw .internalFailure("sealing a key anew")
        }
    }
}
