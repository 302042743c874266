import CryptographicModule

extension Keyring {
    /// Tag of a log entry, made by the leader that is unsealed: HMAC-SHA-256 under STK of epoch, term, index, the tag
    /// of the entry before, and the payload. Who holds no STK can't make one, so that a sealed or stolen member can't
    /// write policy.
    ///
    /// - Throws: `CryptoError` once the keyring is destroyed.
    public func entryTag(
        epoch: UInt64, term: UInt64, index: UInt64, previous: [UInt8], payload: [UInt8]
    ) throws -> [UInt8] {
        var writer = FieldWriter(label: "quorate/1/entry", reserving: payload.count + 128)
        writer.field(epoch)
        writer.field(term)
        writer.field(index)
        writer.field(previous)
        writer.field(payload)
        return try MAC.hmacSHA256(key: stateTagKey, writer.bytes)
    }

    /// Tag of the applied state: HMAC-SHA-256 under STK of pool, epoch, index, term, the tag of the entry at that
    /// index, and the state root. It ties what is on a disk to what was agreed.
    ///
    /// - Throws: `CryptoError` once the keyring is destroyed.
    public func stateTag(
        poolID: [UInt8], epoch: UInt64, index: UInt64, term: UInt64, chainTag: [UInt8], root: [UInt8]
    ) throws -> [UInt8] {
        var writer = FieldWriter(label: "quorate/1/state", reserving: 256)
        writer.field(poolID)
        writer.field(epoch)
        writer.field(index)
        writer.field(term)
        writer.field(chainTag)
        writer.field(root)
        return try MAC.hmacSHA256(key: stateTagKey, writer.bytes)
    }

    /// The proof that a proposal on its way to the leader was made by an unsealed member: HMAC-SHA-256 under STK of
    /// pool, epoch, proposer, proposal id and command. Who has a member's identity, but no STK, can't propose.
    ///
    /// - Throws: `CryptoError` once the keyring is destroyed.
    public func proposalProof(
        epoch: UInt64, proposer: UInt64, proposalID: [UInt8], command: [UInt8]
    ) throws -> [UInt8] {
        var writer = FieldWriter(label: "quorate/1/proposal", reserving: command.count + 128)
        writer.field(identity.poolID)
        writer.field(epoch)
        writer.field(proposer)
        writer.field(proposalID)
        writer.field(command)
        return try MAC.hmacSHA256(key: stateTagKey, writer.bytes)
    }

    /// The continuity ticket that a node gets with a grant of unsealing. It derives from STK and the boot nonce of the
    /// grant, so that any unsealed node can check a proof made with it although only its digest is in the pool's state.
    ///
    /// - Parameter nonce: 32 bytes that no two grants share.
    public func ticket(node: UInt64, nonce: [UInt8]) throws -> PeerTicket {
        let secret = try KeyDerivation.derive(
            stateTagKey, label: "quorate/1/ticket", context: [identity.poolID, bigEndianBytes(node), nonce], bits: 256)
        return try PeerTicket(secret)
    }
}
