import CryptographicModule

@testable import Backup
@testable import SecurityDomain

/// Keys are slow to make: the tests share a few.
struct Sample {
    let keyring: Keyring

    static let one = Result { Sample(keyring: try make(domain: 1)) }
    static let other = Result { Sample(keyring: try make(domain: 2)) }

    private static func make(domain: UInt8) throws -> Keyring {
        _ = try ModuleSelfSetup.prepareProcess(allowUnlocked: true)
        return try Keyring.create(
            poolID: [UInt8](repeating: domain, count: 16), securityDomainID: [UInt8](repeating: domain, count: 16),
            createdAt: 1_700_000_000
        ).keyring
    }

    /// The keys of another pool, with new keys below the same root.
    func rebuilt(securityDomainID: [UInt8]) throws -> Keyring {
        let poolID = [UInt8](repeating: 0xB, count: 16)
        var opened = Keyring.OpenedKeys()
        opened.middleKeys = try MiddleKeyRole.allCases.map { role in
            (role, SecretKey(consuming: try Random.secret(32), id: Random.bytes(16)))
        }
        opened.systemKeys = [
            (.poolIdentity, keyring.poolIdentityKey), (.nodeAuthority, keyring.nodeAuthorityKey),
            (.tokenSigning, keyring.tokenKey), (.attestation, keyring.attestationKey),
            (.keyRelease, keyring.releaseKey),
        ]
        let identity = PoolIdentity(
            poolID: poolID, securityDomainID: securityDomainID, generation: keyring.root.generation,
            keyCheckValue: try keyring.root.checkValue(poolID: poolID), identityKey: keyring.identity.identityKey,
            createdAt: 1)
        let sealed = SealedKeyring(identity: identity, middleKeys: [], systemKeys: [])
        return try Keyring(root: keyring.root, sealed: sealed, opened: opened)
    }

    /// Rows with contents of every length, and records.
    static func items(_ count: Int, of size: Int = 100) -> [BackupItem] {
        (0..<count).map { number in
            let content = (0..<(number * 7) % size).map { UInt8(truncatingIfNeeded: $0 &+ number) }
            return number < count / 2
                ? .row(table: UInt8(number % 15), key: Array("key-\(number)".utf8), value: content) : .blob(content)
        }
    }

    func header(_ identifier: UInt8 = 7, chunkSize: Int = 512) -> BackupHeader {
        BackupHeader(
            backupID: [UInt8](repeating: identifier, count: 32), poolName: "pool-1", index: 42, term: 3,
            stateRoot: [UInt8](repeating: 9, count: 32), createdAt: 1_767_605_412_000, chunkSize: chunkSize,
            keyring: keyring.sealed)
    }

    func write(_ items: [BackupItem], header: BackupHeader? = nil) throws -> [UInt8] {
        var (writer, bytes) = try BackupWriter.begin(header ?? self.header(), keyring: keyring)
        for item in items { bytes += try writer.add(item) }
        return bytes + (try writer.finish())
    }
}

/// Reads a whole file, fed in pieces.
func read(_ bytes: [UInt8], keyring: Keyring, piece: Int = 100_000) throws(BackupFault) -> [BackupItem] {
    var reader = BackupReader(keyring: keyring)
    var items: [BackupItem] = []
    for start in stride(from: 0, to: bytes.count, by: piece) {
        reader.feed(Array(bytes[start..<min(start + piece, bytes.count)]))
        while let found = try reader.next() {
            if case .items(let more) = found { items += more }
        }
    }
    try reader.finish()
    return items
}

/// The same without keys.
func scan(_ bytes: [UInt8]) throws(BackupFault) -> BackupSummary? {
    var scanner = BackupScanner()
    var summary: BackupSummary?
    scanner.feed(bytes)
    while let piece = try scanner.next() {
        if case .summary(let found) = piece { summary = found }
    }
    try scanner.finish()
    return summary
}

/// Where the frames of a file are.
func frames(_ bytes: [UInt8]) -> [Range<Int>] {
    var place = 8 + Int(BackupFrame.number(bytes[4..<8]))
    var found: [Range<Int>] = []
    while place < bytes.count {
        let end = place + BackupFrame.headLength + Int(BackupFrame.number(bytes[place + 13..<place + 17]))
        found.append(place..<end)
        place = end
    }
    return found
}
