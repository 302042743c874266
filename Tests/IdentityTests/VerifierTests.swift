import CryptographicModule
import Testing

@testable import Identity

@Suite struct VerifierTests {
    @Test func anIssuedTokenVerifies() throws {
        let bench = try Bench()
        let token = try bench.token()
        let verified = try bench.verifier.verify(Array(token.utf8), now: noon).get()
        #expect(verified.principalID == alice && verified.objectID == alice && verified.tenant == tenant)
        #expect(verified.issuer == issuerText && verified.audience == dataAudience)
        #expect(verified.audienceKind == .dataPlane)
        #expect(verified.applicationID == application)
        #expect(verified.credentialGeneration == 3 && verified.keyID == "key-1")
        #expect(verified.expiry == noon + 3600 && verified.notBefore == noon && verified.tokenID != nil)
        #expect(verified.principalBytes == [12, 14, 62, 26, 47, 109, 79, 12, 157, 14, 26, 43, 60, 77, 94, 111])
    }

    @Test func theSecondSightCostsNoSignatureCheck() throws {
        let bench = try Bench()
        let token = try bench.token()
        for _ in 0..<10 { #expect(bench.verify(token) == nil) }
        #expect(bench.checker.checks == 1)
    }

    @Test func timesAreCheckedOnEverySight() throws {
        let bench = try Bench()
        let token = try bench.token()
        #expect(bench.verify(token, now: noon - 60) == nil)
        #expect(bench.verify(token, now: noon - 61) == .notYetValid)
        #expect(bench.verify(token, now: noon + 3599) == nil)
        #expect(bench.verify(token, now: noon + 3600) == .expired)
    }

    @Test func aDroppedKeyIsNoticedOnTheNextSight() throws {
        let bench = try Bench()
        let token = try bench.token()
        #expect(bench.verify(token) == nil)
        try bench.verifier.setKeys(
            issuer: issuerText, keys: [TestSigner.shared.tokenKey, TestSigner.other.tokenKey], generation: 2)
        #expect(bench.verify(token) == nil)
        #expect(bench.checker.checks == 2)
        try bench.verifier.setKeys(issuer: issuerText, keys: [TestSigner.other.tokenKey], generation: 3)
        #expect(bench.verify(token) == .unknownKey)
        #expect(throws: TrustError.staleGeneration) {
            try bench.verifier.setKeys(issuer: issuerText, keys: [TestSigner.shared.tokenKey], generation: 2)
        }
        #expect(bench.verify(token) == .unknownKey)
    }

    @Test func theSameKeysAgainForgetNothing() throws {
        let bench = try Bench()
        let token = try bench.token()
        #expect(bench.verify(token) == nil)
        try bench.verifier.setKeys(issuer: issuerText, keys: [TestSigner.shared.tokenKey], generation: 1)
        #expect(bench.verify(token) == nil)
        #expect(bench.checker.checks == 1)
    }

    @Test func everyPlaneHasItsOwnTokens() throws {
        let bench = try Bench()
        let audiences: [(String, TokenAudience)] = [
            (dataAudience, .dataPlane), (dataAudience + "/", .dataPlane),
            ("https://pool1.mhsm.local/arm", .resourceManager), ("https://pool1.mhsm.local/arm/", .resourceManager),
            ("https://pool1.mhsm.local/graph", .directory), (issuerText, .issuer),
        ]
        for (audience, kind) in audiences {
            let token = try bench.token(audience: audience)
            for route in TokenAudience.allCases {
                #expect(bench.verify(token, for: route) == (route == kind ? nil : .wrongAudience))
            }
        }
        let identity = try Forge.sign(header: #"{"typ":"JWT","alg":"RS256","kid":"key-1"}"#)
        for route in TokenAudience.allCases { #expect(bench.verify(identity, for: route) == .wrongType) }
    }

    @Test func audiencesMustDifferBeyondSlashes() throws {
        #expect(throws: TrustError.ambiguousAudience("https://a/")) {
            try AudienceList([AcceptedAudience("https://a", .dataPlane), AcceptedAudience("https://a/", .directory)])
        }
        #expect(throws: TrustError.emptyAudience) { try AudienceList([AcceptedAudience("/", .dataPlane)]) }
    }

    /// An issuer that uses several algorithms: the header can't choose one that the key is not for.
    @Test func theKeyBindsTheAlgorithm() throws {
        let trust = IssuerTrust(issuer: issuerText, tenant: tenant, algorithms: [.RS256, .RS384, .PS256, .ES256])
        let bench = try Bench(trust: [trust])
        for algorithm in ["RS384", "PS256", "ES256"] {
            let header = #"{"typ":"at+jwt","alg":"\#(algorithm)","kid":"key-1"}"#
            #expect(bench.verify(try Forge.sign(header: header)) == .keyTypeMismatch)
        }
        #expect(bench.verify(try Forge.sign()) == nil)
        let curve = TokenKey(keyID: "c", key: .ec(.p256, x: [1], y: [1]))
        #expect(curve.fits(.ES256) && !curve.fits(.ES384) && !curve.fits(.RS256))
        let modulus = TokenKey(keyID: "m", key: TestSigner.shared.key.publicKey)
        #expect(modulus.fits(.RS256) && modulus.fits(.PS512) && !modulus.fits(.ES256))
    }

    @Test func theCacheIsBounded() throws {
        let bench = try Bench(capacity: 128)
        for _ in 0..<1000 { #expect(bench.verify(try bench.token()) == nil) }
        #expect(bench.verifier.cachedTokens <= 128)
    }

    @Test func weakAndAmbiguousKeysAreRefused() throws {
        let bench = try Bench()
        let weak = TokenKey(keyID: "w", key: .rsa(n: [0] + [UInt8](repeating: 0xFF, count: 255), e: [1, 0, 1]))
        #expect(throws: TrustError.unacceptableKey("w")) {
            try bench.verifier.setKeys(issuer: issuerText, keys: [weak], generation: 2)
        }
        #expect(throws: TrustError.duplicateKey("key-1")) {
            try bench.verifier.setKeys(
                issuer: issuerText, keys: [TestSigner.shared.tokenKey, TestSigner.shared.tokenKey], generation: 2)
        }
        #expect(throws: TrustError.unknownIssuer("x")) {
            try bench.verifier.setKeys(issuer: "x", keys: [], generation: 2)
        }
    }

    @Test func anotherIssuerCanNotNameTheDirectorysPrincipals() throws {
        #expect(throws: TrustError.severalIssuers) {
            try Bench(trust: [
                .embedded(issuer: "a", tenant: tenant), .embedded(issuer: "b", tenant: tenant),
            ])
        }
    }

    /// A token from another implementation's documentation (RFC 7515, A.2) with its own key: the signature is good, the
    /// claims are not those of an access token.
    @Test func aPublishedVectorIsParsed() throws {
        let token = """
            eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlL\
            mNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7\
            AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWz\
            O75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZES\
            c6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlU\
            PQGe77Rw
            """
        let modulus = """
            ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0B\
            m4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5\
            z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7\
            aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ
            """
        let bytes = Array(token.utf8)
        let key = PublicKey.rsa(n: try #require(Base64URL.decode(modulus)), e: [1, 0, 1])
        let isValid = try bytes.withUnsafeBytes { buffer in
            let parts = try CompactJWS(buffer)
            return CountingChecker().isValid(
                parts.signature, of: SignatureAlgorithm.RS256.digest(of: parts.signedBytes), by: key, algorithm: .RS256)
        }
        #expect(isValid)
        #expect(try Bench().verify(token) == .missingClaim)
    }
}
