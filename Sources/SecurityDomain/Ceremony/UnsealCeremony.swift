public import CryptographicModule
import Synchronization

/// One gathering of officers at one node: it holds the exchange key, takes their envelopes, and at the quorum opens the
/// root.
///
/// All of it is in the memory of that node. A refused envelope leaves the ceremony as it was; the time is passed in,
/// seconds since 1970.
public final class UnsealCeremony: Sendable {
    /// Fixed when the ceremony begins. An envelope must agree with all of them.
    public let terms: CeremonyTerms
    /// What the officers' tool needs to know, signed by the node.
    public let invitation: UnsealInvitation
    private let subject: CeremonySubject
    private let exchangeKey: ExchangeKey
    private let phase: Mutex<Phase>

    private enum Phase {
        case collecting([UInt8: Share])
        case over
    }

    /// How far the ceremony is.
    public struct Progress: Hashable, Sendable {
        /// Coordinates of the officers whose shares are in.
        public let officers: [UInt8]
        /// How many are needed in all.
        public let required: Int
    }

    /// What an accepted envelope led to.
    public enum Step: Sendable {
        case waiting(Progress)
        /// The quorum is complete and the root is the one that was meant. The ceremony is over and has wiped everything
        /// else.
        case opened(OpenedDomain)
    }

    /// Begins a ceremony and makes its exchange key, which takes some tenths of a second.
    public convenience init(
        domain: SecurityDomainRecord, purpose: CeremonyPurpose, nodeKey: FileSigningKey, now: Int64
    ) throws {
        let exchangeKey = try ExchangeKey(nodeKey: nodeKey, now: now)
        try self.init(domain: domain, purpose: purpose, nodeKey: nodeKey, exchangeKey: exchangeKey)
    }

    /// Begins a ceremony that brings the security domain of another pool here, by the officers' file.
    ///
    /// - Parameter poolID: of the pool that the officers bring it to.
    public convenience init(outline: DomainOutline, poolID: [UInt8], nodeKey: FileSigningKey, now: Int64) throws {
        try self.init(
            subject: .outline(outline, poolID: poolID), purpose: .restore, nodeKey: nodeKey,
            exchangeKey: try ExchangeKey(nodeKey: nodeKey, now: now))
    }

    convenience init(
        domain: SecurityDomainRecord, purpose: CeremonyPurpose, nodeKey: FileSigningKey, exchangeKey: ExchangeKey
    ) throws {
        try self.init(subject: .record(domain), purpose: purpose, nodeKey: nodeKey, exchangeKey: exchangeKey)
    }

    init(
        subject: CeremonySubject, purpose: CeremonyPurpose, nodeKey: FileSigningKey, exchangeKey: ExchangeKey
    ) throws {
        self.subject = subject
        self.exchangeKey = exchangeKey
        terms = CeremonyTerms(
            poolID: subject.poolID, generation: subject.generation, ceremonyID: Random.bytes(16),
            purpose: purpose, exchangeKeyDigest: exchangeKey.keyDigest, expiresAt: exchangeKey.expiresAt)
        invitation = try UnsealInvitation(
            terms: terms, subject: subject, exchangeCertificate: exchangeKey.certificate, nodeKey: nodeKey)
        phase = Mutex(.collecting([:]))
    }

    /// Whose shares are in, or nil once the ceremony is over.
    public var progress: Progress? {
        phase.withLock { phase in
            guard case .collecting(let shares) = phase else { return nil }
            return progress(shares)
        }
    }

    private func progress(_ shares: [UInt8: Share]) -> Progress {
        Progress(officers: shares.keys.sorted(), required: subject.required)
    }

    /// Ends the ceremony and wipes its shares and key.
    public func cancel() {
        phase.withLock { phase in
            end(&phase)
        }
    }

    /// Ends the ceremony if its time has come; whoever holds it asks now and then.
    public func expire(now: Int64) {
        if now >= terms.expiresAt { cancel() }
    }

    private func end(_ phase: inout Phase) {
        phase = .over
        exchangeKey.destroy()
    }

    /// Takes one officer's envelope, in its byte form.
    ///
    /// - Parameter certificate: the officer's, DER, where the ceremony goes by the officers' file.
    /// - Throws: `CeremonyRefusal` naming what is wrong. Only `.domainDoesNotOpen` ends the ceremony, and `.expired`
    ///   once its time has come; after every other one the shares that are in stay in.
    public func accept(
        _ bytes: [UInt8], certificate: [UInt8]? = nil, now: Int64
    ) throws(CeremonyRefusal) -> Step {
        let envelope: ShareEnvelope
        do {
            envelope = try ShareEnvelope.decode(bytes)
        } catch {
            throw .malformed("\(error)")
        }
        return try phase.withLock { phase throws(CeremonyRefusal) in
            try accept(envelope, certificate, now: now, phase: &phase)
        }
    }

    private func accept(
        _ envelope: ShareEnvelope, _ certificate: [UInt8]?, now: Int64, phase: inout Phase
    ) throws(CeremonyRefusal) -> Step {
        guard case .collecting(var shares) = phase else { throw .over }
        guard now < terms.expiresAt else {
            end(&phase)
            throw .expired
        }
        try check(envelope.terms)
        try checkOfficer(of: envelope, certificate, among: shares)
        shares[envelope.x] = try openShare(envelope)
        guard shares.count >= subject.required else {
            phase = .collecting(shares)
            return .waiting(progress(shares))
        }
        do {
            let domain = try subject.open(Array(shares.values))
            end(&phase)
            return .opened(domain)
        } catch let reason as SecurityDomainError {
            end(&phase)
            throw .domainDoesNotOpen(reason)
        } catch {
            throw .module("\(error)")
        }
    }

    // MARK: Checks, from the cheap to the dear

    private func check(_ given: CeremonyTerms) throws(CeremonyRefusal) {
        guard given.poolID == terms.poolID else { throw .wrongPool }
        guard given.generation == terms.generation else {
            throw .wrongGeneration(expected: terms.generation, got: given.generation)
        }
        guard given.ceremonyID == terms.ceremonyID else { throw .wrongCeremony }
        guard given.purpose == terms.purpose else { throw .wrongPurpose }
        guard given.exchangeKeyDigest == terms.exchangeKeyDigest else { throw .wrongExchangeKey }
        guard given.expiresAt == terms.expiresAt else { throw .wrongExpiry }
    }

    private func checkOfficer(
        of envelope: ShareEnvelope, _ certificate: [UInt8]?, among shares: [UInt8: Share]
    ) throws(CeremonyRefusal) {
        let publicKey = try subject.publicKey(of: envelope.x, certificate: certificate)
        guard
            RSAEnvelope.verifyPSS(
                publicKey: publicKey, message: envelope.signedMessage, signature: envelope.signature)
        else { throw .badSignature(officer: envelope.x) }
        guard shares[envelope.x] == nil else { throw .duplicate(officer: envelope.x) }
        try check(envelope.commitment, of: envelope.x)
    }

    /// Where the commitments are known before the shares are combined; else they are compared then.
    private func check(_ commitment: ShareCommitment, of officer: UInt8) throws(CeremonyRefusal) {
        guard !subject.commitments.isEmpty else { return }
        guard commitment.matches(subject.commitments[Int(officer) - 1]) else {
            throw .commitmentMismatch(officer: officer)
        }
    }

    private func openShare(_ envelope: ShareEnvelope) throws(CeremonyRefusal) -> Share {
        let share: Share
        do {
            share = try envelope.open { try exchangeKey.decrypt($0) }
        } catch CryptoError.secureMemoryExhausted {
            throw .module("\(CryptoError.secureMemoryExhausted)")
        } catch {
            throw .doesNotOpen(officer: envelope.x)
        }
        guard share.x == envelope.x else { throw .commitmentMismatch(officer: envelope.x) }
        let commitment: ShareCommitment
        do {
            commitment = try ShareCommitment(
                to: share, poolID: subject.domainPoolID, securityDomainID: subject.securityDomainID,
                generation: terms.generation)
        } catch {
            throw .module("\(error)")
        }
        guard commitment.matches(envelope.commitment) else { throw .commitmentMismatch(officer: envelope.x) }
        try check(commitment, of: envelope.x)
        return share
    }
}
