import CryptographicModule
import Testing

@testable import Identity

@Suite("Signature checker")
struct SignatureCheckerTests {
    @Test func keysAreKeptReadyWithinABound() throws {
        try ModuleSelfSetup.startSecureHeap()
        let checker = ModuleSignatureChecker(CryptographicModule(keyCacheBytes: 0))
        let digest = Digest.sha256([1])
        for number in 1...ModuleSignatureChecker.capacity + 10 {
            let key = try SystemSigningKey.generate(.ec(.p256))
            let signature = try key.sign(digest: digest)
            for _ in 0..<2 {
                #expect(checker.isValid(signature, of: digest, by: key.publicKey, algorithm: .ES256))
                #expect(!checker.isValid(signature, of: Digest.sha256([2]), by: key.publicKey, algorithm: .ES256))
            }
            let capacity = ModuleSignatureChecker.capacity
            #expect(checker.preparedKeys == (number - 1) % capacity + 1)
        }
    }

    @Test func whatIsNoKeyIsNoSignature() {
        let checker = ModuleSignatureChecker(CryptographicModule(keyCacheBytes: 0))
        let digest = Digest.sha256([1])
        let modulus = [UInt8](repeating: 0xFF, count: 256)
        let keys: [PublicKey] = [
            .rsa(n: [], e: []), .rsa(n: modulus, e: [1]), .rsa(n: modulus, e: [1, 0, 1]), .rsa(n: [5], e: [3]),
            .ec(.p256, x: [], y: []), .ec(.p256, x: modulus, y: modulus),
        ]
        for key in keys {
            for algorithm in SignatureAlgorithm.allCases {
                #expect(!checker.isValid([UInt8](repeating: 1, count: 256), of: digest, by: key, algorithm: algorithm))
            }
            // With e = 1 a message would be its own signature.
            #expect(!checker.isValid(modulus, of: digest, by: key, algorithm: .RS256))
        }
        #expect(checker.preparedKeys <= 1, "keys that can't be used aren't kept")
    }
}
