public import CryptographicModule

/// What officers decide on when a restore shall bring everything into a living pool: which pool and root, which backup,
/// and what it changes. An approval is bound to all of it.
public struct RestoreTerms: Hashable, Sendable {
    /// Which order of which pool it is.
    public struct Subject: Hashable, Sendable {
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

        public init(
            poolID: [UInt8], securityDomainID: [UInt8], generation: UInt32, epoch: UInt64, orderID: [UInt8]
        ) {
            (self.poolID, self.securityDomainID) = (poolID, securityDomainID)
            (self.generation, self.epoch, self.orderID) = (generation, epoch, orderID)
        }

        fileprivate func write(_ writer: inout FieldWriter) {
            writer.field(poolID)
            writer.field(securityDomainID)
            writer.field(generation)
            writer.field(epoch)
            writer.field(orderID)
        }

        /// What an officer signs to be shown the order: it names people and their roles.
        func viewing(officer: Int) -> [UInt8] {
            var writer = FieldWriter(label: "quorate/1/restore-viewing", reserving: 256)
            write(&writer)
            writer.field(UInt32(officer))
            return writer.bytes
        }

        /// Whether an officer in office asks for it.
        ///
        /// - Parameter publicKey: SubjectPublicKeyInfo of the officer's certificate, DER.
        public func isViewed(by officer: Int, publicKey: [UInt8], signature: [UInt8]) -> Bool {
            RSAEnvelope.verifyPSS(publicKey: publicKey, message: viewing(officer: officer), signature: signature)
        }
    }

    /// Signed as part of the terms; an officer has signed it alone before, to be shown them.
    public let subject: Subject
    /// Seconds since 1970, until which the order is good.
    public let expiresAt: Int64
    /// Of the backup, 32 bytes.
    public let backupID: [UInt8]
    /// SHA-256 of the backup's header.
    public let headerDigest: [UInt8]
    /// Container and folder.
    public let place: String
    /// Whether principals that come back keep the secrets that they had.
    public let keepsCredentials: Bool
    /// What it changes beside keys, line by line.
    public let consequences: [String]

    public init(
        subject: Subject, expiresAt: Int64, backupID: [UInt8], headerDigest: [UInt8], place: String,
        keepsCredentials: Bool, consequences: [String]
    ) {
        (self.subject, self.expiresAt) = (subject, expiresAt)
        (self.backupID, self.headerDigest, self.place) = (backupID, headerDigest, place)
        (self.keepsCredentials, self.consequences) = (keepsCredentials, consequences)
    }

    private func write(_ writer: inout FieldWriter) {
        subject.write(&writer)
        writer.field(expiresAt)
        writer.field(backupID)
        writer.field(headerDigest)
        writer.field(place)
        writer.field([keepsCredentials ? 1 : 0] as [UInt8])
        writer.field(UInt32(consequences.count))
        for line in consequences { writer.field(line) }
    }

    /// SHA-256 over all of it: by this officers tell each other what they have read.
    public var digest: [UInt8] {
        var writer = FieldWriter(label: "quorate/1/restore-terms", reserving: 1024)
        write(&writer)
        return Digest.sha256(writer.bytes)
    }

    /// What an officer in office signs.
    ///
    /// - Parameter officer: the place among the officers, from 1.
    func approval(officer: Int) -> [UInt8] {
        var writer = FieldWriter(label: "quorate/1/restore-approval", reserving: 1024)
        write(&writer)
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
    /// What an officer in office shows to read an order.
    public static func view(
        _ subject: RestoreTerms.Subject, as officer: Int, privateKey: RSAPrivateKey
    ) throws -> [UInt8] {
        try privateKey.signPSS(subject.viewing(officer: officer))
    }

    /// What an officer in office gives for a restore of everything.
    public static func approve(
        _ terms: RestoreTerms, as officer: Int, privateKey: RSAPrivateKey
    ) throws -> [UInt8] {
        try privateKey.signPSS(terms.approval(officer: officer))
    }
}
