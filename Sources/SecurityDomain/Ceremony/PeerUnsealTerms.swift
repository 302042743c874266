public import CryptographicModule

/// What officers decide on when nodes are to be unsealed more easily than so far: which pool and root, and by what
/// settings. An approval is bound to all of it.
public struct PeerUnsealTerms: Hashable, Sendable {
    /// 16 bytes.
    public let poolID: [UInt8]
    /// 16 bytes.
    public let securityDomainID: [UInt8]
    /// Of the root in force.
    public let generation: UInt32
    /// Of the pool.
    public let epoch: UInt64
    /// 16 random bytes.
    public let orderID: [UInt8]
    /// Seconds since 1970, until which approvals are taken.
    public let expiresAt: Int64
    /// By its number.
    public let mode: UInt8
    /// In seconds.
    public let maxAbsence: Int64

    public init(
        poolID: [UInt8], securityDomainID: [UInt8], generation: UInt32, epoch: UInt64, orderID: [UInt8],
        expiresAt: Int64, mode: UInt8, maxAbsence: Int64
    ) {
        (self.poolID, self.securityDomainID) = (poolID, securityDomainID)
        (self.generation, self.epoch) = (generation, epoch)
        (self.orderID, self.expiresAt) = (orderID, expiresAt)
        (self.mode, self.maxAbsence) = (mode, maxAbsence)
    }

    /// What an officer in office signs.
    ///
    /// - Parameter officer: the place among the officers, from 1.
    func approval(officer: Int) -> [UInt8] {
        var writer = FieldWriter(label: "quorate/1/peer-unseal-approval", reserving: 512)
        writer.field(poolID)
        writer.field(securityDomainID)
        writer.field(generation)
        writer.field(epoch)
        writer.field(orderID)
        writer.field(expiresAt)
        writer.field([mode])
        writer.field(maxAbsence)
        writer.field(UInt32(officer))
        return writer.bytes
    }

    /// Whether an officer in office has approved this.
    ///
    /// - Parameter publicKey: SubjectPublicKeyInfo of the officer's certificate, DER.
    public func isApproved(by officer: Int, publicKey: [UInt8], signature: [UInt8]) -> Bool {
        RSAEnvelope.verifyPSS(publicKey: publicKey, message: approval(officer: officer), signature: signature)
    }
}

extension OfficerTool {
    /// What an officer in office gives for looser settings.
    public static func approve(
        _ terms: PeerUnsealTerms, as officer: Int, privateKey: RSAPrivateKey
    ) throws -> [UInt8] {
        try privateKey.signPSS(terms.approval(officer: officer))
    }
}
