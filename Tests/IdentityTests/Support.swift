import CryptographicModule
import StrictJSON
import Synchronization

@testable import Identity

let tenant = "11111111-1111-1111-1111-111111111111"
let issuerText = "https://pool1.mhsm.local/11111111-1111-1111-1111-111111111111/v2.0"
let dataAudience = "https://mhsm.local"
let alice = "0c0e3e1a-2f6d-4f0c-9d0e-1a2b3c4d5e6f"
let application = "7f8e9d0c-1b2a-4c3d-8e5f-6a7b8c9d0e1f"
let noon: Int64 = 1_767_605_412

/// A signing key made once for all tests.
struct TestSigner: TokenSigner {
    let keyID: String
    let key: SystemSigningKey

    func sign(sha256 digest: [UInt8]) throws -> [UInt8] { try key.sign(digest: digest) }

    static let shared = make("key-1")
    static let other = make("key-2")

    private static func make(_ keyID: String) -> TestSigner {
        do {
            try ModuleSelfSetup.startSecureHeap()
            return TestSigner(keyID: keyID, key: try SystemSigningKey.generate(.rsa(bits: 2048)))
        } catch {
            preconditionFailure("no test key: \(error)")
        }
    }

    var tokenKey: TokenKey { TokenKey(keyID: keyID, key: key.publicKey, algorithm: .RS256) }
}

/// Counts signature checks.
final class CountingChecker: TokenSignatureChecker {
    private let module = ModuleSignatureChecker(CryptographicModule(keyCacheBytes: 1 << 20))
    private let count = Mutex(0)

    var checks: Int { count.withLock { $0 } }

    func isValid(
        _ signature: [UInt8], of digest: [UInt8], by key: PublicKey, algorithm: SignatureAlgorithm
    ) -> Bool {
        count.withLock { $0 += 1 }
        return module.isValid(signature, of: digest, by: key, algorithm: algorithm)
    }
}

/// A pool's issuer and verifier.
struct Bench {
    let checker = CountingChecker()
    let verifier: TokenVerifier
    let issuer = TokenIssuer(issuer: issuerText, tenant: tenant, signer: TestSigner.shared)

    init(trust: [IssuerTrust] = [.embedded(issuer: issuerText, tenant: tenant)], capacity: Int = 1024) throws {
        let audiences = try AudienceList([
            AcceptedAudience(dataAudience, .dataPlane),
            AcceptedAudience("https://pool1.mhsm.local/arm", .resourceManager),
            AcceptedAudience("https://pool1.mhsm.local/graph/", .directory), AcceptedAudience(issuerText, .issuer),
        ])
        verifier = try TokenVerifier(trust: trust, audiences: audiences, checker: checker, cacheCapacity: capacity)
        for entry in trust {
            try verifier.setKeys(issuer: entry.issuer, keys: [TestSigner.shared.tokenKey], generation: 1)
        }
    }

    var subject: TokenSubject {
        TokenSubject(principalID: alice, applicationID: application, credentialGeneration: 3)
    }

    func token(audience: String = dataAudience, now: Int64 = noon, lifetime: Int64 = 3600) throws -> String {
        try issuer.issue(to: subject, audience: audience, now: now, lifetime: lifetime).token
    }

    func verify(_ token: String, for audience: TokenAudience = .dataPlane, now: Int64 = noon) -> TokenRejection? {
        switch verifier.verify(Array(token.utf8), for: audience, now: now) {
        case .success: nil
        case .failure(let rejection): rejection
        }
    }
}

/// A token made by hand from the text of its parts.
enum Forge {
    static let header = #"{"typ":"at+jwt","alg":"RS256","kid":"key-1"}"#

    /// The claims of a good token, with some replaced, added or left out (`nil`); values are JSON text.
    static func claims(_ changes: [String: String?] = [:], raw: String = "") -> String {
        var claims: [(String, String)] = [
            ("iss", "\"\(issuerText)\""), ("aud", "\"\(dataAudience)\""), ("tid", "\"\(tenant)\""),
            ("oid", "\"\(alice)\""), ("sub", "\"\(alice)\""), ("iat", "\(noon)"), ("nbf", "\(noon)"),
            ("exp", "\(noon + 3600)"), ("qcg", "3"),
        ]
        for (name, value) in changes {
            claims.removeAll { $0.0 == name }
            if let value { claims.append((name, value)) }
        }
        return "{" + claims.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + raw + "}"
    }

    static func sign(
        header: String = header, claims: String = claims(), signer: TestSigner = .shared
    ) throws -> String {
        let signed = encode(header) + "." + encode(claims)
        return signed + "." + Base64URL.encode(try signer.sign(sha256: Digest.sha256(Array(signed.utf8))))
    }

    static func encode(_ text: String) -> String { Base64URL.encode(Array(text.utf8)) }

    /// A signed token with its three parts replaced as they are encoded.
    static func rearranged(_ change: ([String]) -> [String]) throws -> String {
        change(try sign().split(separator: ".").map(String.init)).joined(separator: ".")
    }
}

/// A generator whose numbers are the same in every run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Replaces, removes or inserts a few bytes.
    mutating func mutate(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...6, using: &self) {
            guard !bytes.isEmpty else { return bytes }
            let place = Int.random(in: 0..<bytes.count, using: &self)
            switch Int.random(in: 0..<4, using: &self) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &self)
            case 1: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...30, using: &self)))
            case 2: bytes.insert(contentsOf: "\"{}[],:.=&%+\\u0000".utf8.shuffled(using: &self).prefix(4), at: place)
            default: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &self)
            }
        }
        return bytes
    }
}
