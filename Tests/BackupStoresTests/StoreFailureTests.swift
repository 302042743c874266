import Testing

@testable import BackupStores

/// What people read of a connection to a store that came to nothing.
@Suite struct StoreFailureTests {
    @Test(arguments: [
        ("handshakeFailed(NIOSSL.BoringSSLError.sslError([CERTIFICATE_VERIFY_FAILED]))", "has expired"),
        ("unableToValidateCertificate", "'authority_file'"),
        ("NIOSSLExtraError.failedToValidateHostname: Couldn't find a.example in certificate", "another host"),
        ("HTTPClientError.connectTimeout", "HTTPClientError.connectTimeout"),
    ])
    func whatIsWrong(_ text: String, _ says: String) {
        let words = StoreClient.words(describing: text)
        #expect(words.contains(says) && !words.hasSuffix("."))
    }

    @Test func aLibrarysTextIsCutShort() {
        #expect(StoreClient.words(describing: String(repeating: "x", count: 1000)).count == 200)
    }

    /// A part of the largest size gets through a line of 10 Mbit/s.
    @Test func largePartsHaveTheTimeThatTheyTake() {
        #expect(StoreClient.patience(sending: 0) == 60)
        #expect(StoreClient.patience(sending: 8 << 20) == 68)
        #expect(StoreClient.patience(sending: 1024 << 20) > (1024 << 20) * 8 / 10_000_000)
    }
}
