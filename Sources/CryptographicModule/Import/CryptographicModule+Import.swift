import COpenSSL

extension CryptographicModule {
    /// Checks a key that was made elsewhere, and seals it under the module's key-encryption key.
    ///
    /// RSA: sizes, exponent, product, primality, distance of the primes, private exponent, CRT numbers, and the
    /// pattern of primes that can be found (CVE-2017-15361); FIPS 186-5 section A.1, SP 800-56B section 6.4.1. It
    /// takes from tenths of a second to a second. EC: the private number's range, and that the point belongs to it.
    /// Pairs then sign and verify a probe. What the key can be computed from is computed, not taken over.
    ///
    /// - Throws: ``CryptoError/invalidParameter(name:reason:)`` where the key isn't one that may be used; the name is
    ///   that of the member, such as `key.dp`.
    public func importKey(_ template: ImportTemplate) throws(CryptoError) -> GeneratedKey {
        try health.requireGood()
        let kek = try currentKEK()
        let place = KeyPlace(
            poolID: template.poolID, name: template.name, version: template.version, operations: template.operations,
            createdAt: template.createdAt, export: template.export)
        return try sealing {
            switch template.key {
            case .rsa(let members):
                let key = try LoadedKey.importRSA(members)
                return try seal(key, .rsaHSM, bits: key.bits, place, kek)
            case .ec(let curve, let d, let x, let y):
                let key = try LoadedKey.importEC(curve, d: d, x: x, y: y)
                return try seal(key, .ecHSM, curve: curve, bits: curve.bits, place, kek)
            case .ed25519(let d, let x):
                let key = try LoadedKey.importEd25519(d: d, x: x)
                return try seal(key, .okpHSM, bits: KeyHeader.ed25519Bits, place, kek)
            case .oct(let k):
                return try DecodedMembers([("key.k", k)]).withMembers { members in
                    try Self.check(octets: members[0], name: "key.k")
                    return try seal(octets: try Secret(copying: members[0]), place, kek)
                }
            }
        }
    }

    static func check(octets: UnsafeRawBufferPointer, name: String) throws(CryptoError) {
        guard [16, 24, 32].contains(octets.count) else {
            throw .invalidParameter(
                name: name, reason: "the key must have 16, 24 or 32 bytes, not \(octets.count)")
        }
        guard octets.dropFirst().reduce(0, { $0 | ($1 ^ octets[0]) }) != 0 else {
            throw .invalidParameter(name: name, reason: "all bytes of the key are equal")
        }
    }
}

extension LoadedKey {
    static func importRSA(_ members: KeyToImport.RSAMembers) throws -> LoadedKey {
        let decoded = try DecodedMembers([
            ("key.n", members.n), ("key.e", members.e), ("key.d", members.d), ("key.p", members.p),
            ("key.q", members.q), ("key.dp", members.dp), ("key.dq", members.dq), ("key.qi", members.qi),
        ])
        return try decoded.withMembers { try importRSA(numbers: $0) }
    }

    /// - Parameter numbers: n, e, d, p, q, dp, dq, qi, in secure memory.
    static func importRSA(numbers: [UnsafeRawBufferPointer]) throws(CryptoError) -> LoadedKey {
        let numbers = numbers.map { qk_number(bytes: $0.bound, length: $0.count) }
        var whole = qk_rsa_numbers(
            n: numbers[0], e: numbers[1], d: numbers[2], p: numbers[3], q: numbers[4], dp: numbers[5],
            dq: numbers[6], qi: numbers[7])
        return try checked { qk_key_import_rsa(&whole, $0, $1) }
    }

    /// The numbers may have more or fewer zeros before them than RFC 7518 wants: clients write them as integers.
    static func importEC(_ curve: EllipticCurve, d: String, x: String?, y: String?) throws -> LoadedKey {
        guard (x == nil) == (y == nil) else {
            throw CryptoError.invalidParameter(name: x == nil ? "key.x" : "key.y", reason: "it is missing")
        }
        let point = [("key.x", x), ("key.y", y)].compactMap { name, text in text.map { (name: name, text: $0) } }
        return try DecodedMembers([(name: "key.d", text: d)] + point).withMembers { all in
            for (name, bytes) in zip(["key.x", "key.y"], all.dropFirst()) {
                let significant = bytes.drop { $0 == 0 }.count
                guard significant > curve.coordinateLength else { continue }
                throw CryptoError.invalidParameter(
                    name: name, reason: "it must have \(curve.coordinateLength) bytes, not \(significant)")
            }
            return try importEC(curve, numbers: all)
        }
    }

    /// - Parameter numbers: the private number in secure memory, then x and y, which are missing or empty where
    ///   nobody knows them.
    static func importEC(
        _ curve: EllipticCurve, numbers: [UnsafeRawBufferPointer]
    ) throws(CryptoError) -> LoadedKey {
        var numbers = numbers.map { qk_number(bytes: $0.bound, length: $0.count) }
        numbers += [qk_number](repeating: .absent, count: 3 - numbers.count)
        return try checked { qk_key_import_ec(curve.identifier, numbers[0], numbers[1], numbers[2], $0, $1) }
    }

    static func importEd25519(d: String, x: String?) throws -> LoadedKey {
        let members = [("key.d", d), ("key.x", x)].compactMap { name, text in text.map { (name: name, text: $0) } }
        return try DecodedMembers(members).withMembers { all in
            for (name, bytes) in zip(["key.d", "key.x"], all) where bytes.count != PublicKey.ed25519Length {
                throw CryptoError.invalidParameter(name: name, reason: "it must have 32 bytes, not \(bytes.count)")
            }
            return try importEd25519(seed: all[0], x: all.count > 1 ? all[1] : nil)
        }
    }

    /// - Parameter seed: 32 bytes in secure memory.
    static func importEd25519(
        seed: UnsafeRawBufferPointer, x: UnsafeRawBufferPointer? = nil
    ) throws(CryptoError) -> LoadedKey {
        let seed = qk_number(bytes: seed.bound, length: seed.count)
        let x = x.map { qk_number(bytes: $0.bound, length: $0.count) } ?? .absent
        return try checked { qk_key_import_ed25519(seed, x, $0, $1) }
    }

    private static func checked(
        _ body: (UnsafeMutablePointer<OpaquePointer?>, UnsafeMutablePointer<qk_fault>) -> qk_status
    ) throws(CryptoError) -> LoadedKey {
        var fault = QK_FAULTLESS
        do throws(CryptoError) {
            return try make("imported key") { body($0, &fault) }
        } catch {
            throw fault.error ?? error
        }
    }
}

extension qk_number {
    /// A number that isn't given.
    fileprivate static var absent: qk_number { qk_number(bytes: nil, length: 0) }
}

extension qk_fault {
    /// What the fault is called towards the caller; `nil` where the key isn't to blame.
    fileprivate var error: CryptoError? {
        let (name, reason): (String, String)
        switch self {
        case QK_FAULT_MODULUS_SIZE: (name, reason) = ("key.n", "it must have 2048, 3072 or 4096 bits")
        case QK_FAULT_EXPONENT: (name, reason) = ("key.e", "it must be odd, at least 65537 and below 2^256")
        case QK_FAULT_P_SIZE: (name, reason) = ("key.p", "it must have half of the modulus' bits")
        case QK_FAULT_Q_SIZE: (name, reason) = ("key.q", "it must have half of the modulus' bits")
        case QK_FAULT_PRODUCT: (name, reason) = ("key.n", "it isn't the product of p and q")
        case QK_FAULT_CLOSE_PRIMES: (name, reason) = ("key.p", "it is too close to q")
        case QK_FAULT_P_COMPOSITE: (name, reason) = ("key.p", "it isn't prime")
        case QK_FAULT_Q_COMPOSITE: (name, reason) = ("key.q", "it isn't prime")
        case QK_FAULT_D: (name, reason) = ("key.d", "it isn't the private exponent that belongs to e, p and q")
        case QK_FAULT_SMALL_D: (name, reason) = ("key.d", "it is too small")
        case QK_FAULT_DP: (name, reason) = ("key.dp", "it isn't d modulo p - 1")
        case QK_FAULT_DQ: (name, reason) = ("key.dq", "it isn't d modulo q - 1")
        case QK_FAULT_QI: (name, reason) = ("key.qi", "it isn't the inverse of q modulo p")
        case QK_FAULT_GUESSABLE_PRIMES:
            (name, reason) = ("key.n", "its primes follow a pattern that lets them be found (CVE-2017-15361)")
        case QK_FAULT_SCALAR: (name, reason) = ("key.d", "it must be above 0 and below the order of the curve")
        case QK_FAULT_POINT: (name, reason) = ("key.x", "x and y aren't the point that belongs to d")
        case QK_FAULT_PAIR: (name, reason) = ("key", "it doesn't verify what it signs")
        default: return nil
        }
        return .invalidParameter(name: name, reason: reason)
    }
}
