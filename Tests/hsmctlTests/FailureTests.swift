import ArgumentParser
import CryptographicModule
import NIOHTTP1
import SecurityDomain
import StrictJSON
import Testing

@testable import hsmctl

/// Which of several failures is shown, and in what words.
@Suite struct FailureTests {
    private let down = NodeFailure(endpoint: "https://a", cause: .unreachable("connection refused"))
    private let sealed = NodeFailure(endpoint: "https://b", cause: .unavailable("(ServiceUnavailable) sealed"))
    private let broken = NodeFailure(endpoint: "https://c", cause: .interrupted("the connection broke"))

    @Test func whatANodeSaysComesBeforeWhatAConnectionLacks() {
        for order in [[down, sealed, broken], [sealed, broken, down], [broken, down, sealed]] {
            let error = NodeFailure.error(order)
            #expect(error.exitCode == 69)
            #expect(error.message.hasPrefix("https://b answers: (ServiceUnavailable) sealed\n"))
            for endpoint in ["https://a", "https://b", "https://c"] { #expect(error.message.contains(endpoint)) }
        }
        #expect(NodeFailure.summary([down, broken]).hasPrefix("https://c"))
        #expect(NodeFailure.summary([down]) == "https://a can't be reached: connection refused")
        #expect(!NodeFailure.summary([]).isEmpty)
    }

    @Test func librariesTextsAreUnderstood() {
        let texts: [(String, ConnectionTrouble)] = [
            ("connection reset (error set): Connection refused (errno: 111)", .refused),
            ("HTTPClientError.connectTimeout", .noAnswer), ("HTTPClientError.tlsHandshakeTimeout", .noAnswer),
            ("HTTPClientError.deadlineExceeded", .slow), ("HTTPClientError.readTimeout", .slow),
            ("handshakeFailed(NIOSSL.BoringSSLError.sslError([CERTIFICATE_VERIFY_FAILED]))", .untrusted),
            ("NIOSSLExtraError.failedToValidateHostname: Couldn't find a.example in certificate", .otherName),
            ("handshakeFailed(NIOSSL.BoringSSLError.sslError([WRONG_VERSION_NUMBER]))", .notTLS),
            ("handshakeFailed(NIOSSL.BoringSSLError.sslError([Error: EOF during handshake]))", .closed),
            ("NIOSSLError.uncleanShutdown", .broken("NIOSSLError.uncleanShutdown")),
            ("connect: Network is unreachable (errno: 101)", .noRoute),
            ("HTTPClientError.remoteConnectionClosed", .broken("HTTPClientError.remoteConnectionClosed")),
        ]
        for (text, trouble) in texts { #expect(ConnectionTrouble(describing: text) == trouble, "\(text)") }
    }

    @Test func statusesBecomeExitCodes() throws {
        let body = JSONObject.make { writer in
            writer.member("error") { $0.object { $0.member("code", "C"); $0.member("message", "why") } }
        }
        let codes: [(Int, Int32)] = [(400, 1), (401, 77), (403, 77), (404, 3), (409, 1), (429, 69), (500, 1), (503, 69)]
        for (status, code) in codes {
            do {
                _ = try PoolClient.check(Answer(status: status, body: body, headers: [:], endpoint: "https://a"))
                Issue.record("\(status) was taken for success")
            } catch let error as ClientError {
                #expect(error.exitCode == code && error.message.contains("(C) why"), "\(status)")
            }
        }
        #expect(try PoolClient.check(Answer(status: 204, body: .init(), headers: [:], endpoint: "")).status == 204)
    }

    /// Nobody shall look for a wrong secret where a node doesn't know the name that it is called by.
    @Test func onlyARefusedSecretIsBlamedOnTheCredentials() {
        let body = JSONObject.make { writer in
            writer.member("error") { $0.object { $0.member("code", "C"); $0.member("message", "why") } }
        }
        func refusal(_ status: Int, _ body: JSONObject) -> any Error {
            PoolClient.tokenRefusal(Answer(status: status, body: body, headers: [:], endpoint: "https://a"))
        }
        for status in [400, 401] {
            let error = refusal(status, JSONObject.make { $0.member("error_description", "unknown client") })
            let message = "https://a refused the credentials: unknown client"
            #expect(error as? ClientError == ClientError.denied(message), "\(status)")
        }
        #expect(refusal(421, body) as? ClientError == ClientError.refused("(C) why"))
        #expect(refusal(200, JSONObject()) as? ClientError == ClientError.refused("https://a issued no token."))
        #expect((refusal(503, body) as? NodeFailure)?.endpoint == "https://a")
    }

    @Test func officersFailuresNameTheFileAndTheCure() {
        let errors: [(SecurityDomainError, String)] = [
            (.officerRejected(position: 0, reason: "the key is not RSA"), "officer.crt: the key is not RSA."),
            (.authenticationFailed("share 1"), "Is officer.key the key of this certificate"),
            (.authenticationFailed("the node that invites"), "--node-certificate"),
            (.malformed(document: "security domain file", reason: "version is missing"), "domain.json: "),
            (.notAnOfficer, "domain.json"), (.commitmentMismatch(officer: 1), "take another copy"),
        ]
        for (error, words) in errors {
            let shown = OfficerShares.explained(
                error, certificate: "officer.crt", key: "officer.key", domain: "domain.json")
            #expect(shown.message.contains(words), "\(shown.message)")
        }
    }

    @Test func errorsOfTheModulesAreSentences() {
        let errors: [any Error] = [
            CryptoError.authenticationFailed, CryptoError.malformed("private key file"),
            CryptoError.secureMemoryExhausted, SecurityDomainError.notAnOfficer, CeremonyRefusal.expired,
            CancellationError(), down, ClientError.usage("x"),
        ]
        for error in errors {
            let message = HSMControl.explained(error)?.message ?? ""
            #expect(!message.isEmpty && !message.contains("(\"") && !message.contains("Error."), "\(message)")
        }
        #expect(HSMControl.explained(ValidationError("the parser shows its own")) == nil)
    }

    /// Officers who name all endpoints mean the node that is sealed.
    @Test func sharesGoToTheNodeThatNobodyElseOpens() throws {
        func health(_ node: String, _ seal: String, _ reason: String? = nil) -> Result<JSONObject, any Error> {
            .success(
                .make { writer in
                    writer.member("node", node)
                    writer.member("seal", seal)
                    if let reason { writer.member("waitsBecause", reason) }
                })
        }
        let (open, sealed) = (("https://a", health("n1", "unsealed")), ("https://b", health("n2", "sealed")))
        let ordered = ("https://c", health("n3", "sealed", "an administrator has sealed it"))
        let dead = ("https://d", Result<JSONObject, any Error>.failure(down))
        #expect(try UnsealChoice([open, sealed, ordered]).node.name == "n3")
        #expect(try UnsealChoice([dead, sealed, ordered]).node.name == "n2")
        let peers = try UnsealChoice([open, sealed])
        #expect(peers.node.name == "n1" && peers.note?.contains("Still sealed: n2") == true)
        #expect(try UnsealChoice([open]).note == nil)
        #expect(throws: ClientError.self) { try UnsealChoice([dead]) }
    }

    @Test func aNodeThatWaitsSaysForWhat() {
        func health(_ node: String, leader: String?) -> Result<JSONObject, any Error> {
            .success(
                .make { writer in
                    writer.member("node", node)
                    if let leader { writer.member("leader", leader) }
                    writer.member("appliedIndex", 3)
                    writer.member("commitIndex", 9)
                })
        }
        let alone = MajorityWait(
            node: "n1", asked: [("https://a", health("n1", leader: nil)), ("https://b", .failure(down))])
        #expect(alone.text.contains("waits for a majority") && alone.text.contains("not answering: https://b"))
        let behind = MajorityWait(node: "n1", asked: [("https://a", health("n1", leader: "n2"))])
        #expect(behind.text.contains("leader n2") && behind.text.contains("3 of 9"))
        #expect(MajorityWait(node: "n1", asked: [("https://a", .failure(down))]).text.contains("doesn't answer"))
    }
}
