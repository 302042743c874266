import AccessControl
import CryptographicModule

/// What the first command of a pool has to be like. Its principals and role assignments are checked like later ones.
enum GenesisRules {
    static func isValid(_ genesis: Genesis) -> Bool {
        genesis.poolID.count == 16 && (3...24).contains(genesis.name.utf8.count) && KeyName.isValid(genesis.name)
            && genesis.epoch > 0 && areValid(audiences: genesis.audiences) && areValid(members: genesis.members)
            && (1...(512 << 10)).contains(genesis.keyring.count)
            && genesis.pinnedOfficers.count <= PoolLimits.officers
            && genesis.pinnedOfficers.allSatisfy { $0.count == 32 }
            && (7...90).contains(genesis.settings.recoverableDays) && genesis.settings.reads.isValid
            && genesis.settings.refusedAlgorithms.isValid
            && ReleaseAuthority.areAcceptable(genesis.releaseAuthorities)
    }

    private static func areValid(audiences: [String]) -> Bool {
        (1...PoolLimits.audiences).contains(audiences.count)
            && audiences.allSatisfy { (1...512).contains($0.utf8.count) }
    }

    private static func areValid(members: [MemberRecord]) -> Bool {
        (1...PoolLimits.members).contains(members.count) && Set(members.map(\.node)).count == members.count
            && members.allSatisfy { member in
                member.node > 0 && (1...256).contains(member.name.utf8.count) && member.identityDigest.count == 32
                    && member.apiURL.utf8.count <= 512 && (1...512).contains(member.peerAddress.utf8.count)
            }
    }
}

/// What a security domain has to be like.
enum CeremonyRules {
    static func isValid(_ domain: PreparedSecurityDomain) -> Bool {
        (1...PoolLimits.officers).contains(domain.officers.count)
            && (1...domain.officers.count).contains(domain.required)
            && Set(domain.officers).count == domain.officers.count && domain.officers.allSatisfy { !$0.isEmpty }
            && domain.commitments.count == domain.officers.count
            && domain.commitments.allSatisfy { $0.count == 32 }
            && !domain.encryptedData.isEmpty && domain.capabilityDigest.count == 32
            && domain.keyring?.isEmpty != true
    }

    /// Whether the file is the next one. The first holds the root that the pool began with, or a new one; each that
    /// replaces it holds a new root, so that what went to the officers before opens nothing. Of two files made at the
    /// same time only the first fits.
    ///
    /// A first file whose answer was lost may be made again around the same root as long as nobody but the same
    /// officers, as many of them together, can open either.
    static func follows(
        _ domain: PreparedSecurityDomain, pool: PoolRecord, current: SecurityDomainRecord?
    ) -> Bool {
        if domain.keyring == nil {
            guard domain.generation == pool.rootGeneration else { return false }
            guard let current else { return true }
            return Set(current.officers) == Set(domain.officers) && current.required == domain.required
        }
        return pool.rootGeneration < .max && domain.generation == pool.rootGeneration + 1
    }

    static func isPinned(_ officers: [[UInt8]], by pinned: [[UInt8]]) -> Bool {
        pinned.isEmpty || Set(officers.map { Digest.sha256($0) }) == Set(pinned)
    }
}
