import CryptographicModule
import StrictJSON
import Testing

@testable import SecurityDomain

@Suite("The download request")
struct DownloadRequestTests {
    /// A key as the Azure CLI writes it, or with changes.
    private struct Key {
        var certificate: [UInt8]
        var kty = "RSA"
        var modulus: String?
        var thumbprint: String?
        var chainLength = 1

        init(_ name: String) throws {
            certificate = try TestWorld.certificateDER(name)
        }
    }

    private func body(_ keys: [Key], required: Int? = 2) throws -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("certificates") { writer in
                writer.array { writer in
                    for key in keys { write(key, to: &writer) }
                }
            }
            if let required { writer.member("required", required) }
        }
        return writer.bytes
    }

    private func write(_ key: Key, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("alg", "RSA-OAEP-256")
            writer.member("kty", key.kty)
            writer.member("key_ops", array: ["verify", "encrypt", "wrapKey"])
            if let modulus = key.modulus { writer.member("n", modulus) }
            writer.member("x5c", array: Array(repeating: Base64.encode(key.certificate), count: key.chainLength))
            writer.member("x5t#S256", key.thumbprint ?? Base64URL.encode(Digest.sha256(key.certificate)))
        }
    }

    private func keys(_ numbers: [Int]) throws -> [Key] {
        try numbers.map { try Key("officer\($0).cer") }
    }

    @Test("Officers come in the order of the request")
    func order() throws {
        let officers = try DownloadRequest.parse(try body(try keys([3, 1, 2])))
        #expect(officers.required == 2)
        #expect(officers.certificates == (try [3, 1, 2].map { try TestWorld.officer($0) }))
        #expect(try DownloadRequest.parse(try body(try keys([1, 2, 3]), required: nil)).required == 2)
    }

    @Test("Next officers decide in the number of those in office, where the request names none")
    func quorumOfNextOfficers() throws {
        for (required, expected) in [(nil, 3), (2, 2)] as [(Int?, Int)] {
            let request = try body(try keys([1, 2, 3, 4]), required: required)
            #expect(try RootChangeRequest(parsing: request, quorum: 3).officers?.required == expected)
        }
        #expect(throws: SecurityDomainError.requiredCount(4, officers: 3)) {
            try RootChangeRequest(parsing: try body(try keys([1, 2, 3]), required: nil), quorum: 4)
        }
    }

    @Test("Numbers outside the protocol's limits are refused")
    func limits() throws {
        #expect(throws: SecurityDomainError.officerCount(2)) { try DownloadRequest.parse(try body(try keys([1, 2]))) }
        #expect(throws: SecurityDomainError.officerCount(11)) {
            try DownloadRequest.parse(try body(try keys(Array(repeating: 1, count: 11))))
        }
        for required in [0, 1, 4, 11, -1] {
            #expect(throws: SecurityDomainError.requiredCount(required, officers: 3)) {
                try DownloadRequest.parse(try body(try keys([1, 2, 3]), required: required))
            }
        }
    }

    @Test("The same certificate or the same key twice is refused")
    func duplicates() throws {
        #expect(throws: SecurityDomainError.duplicateOfficer(first: 0, second: 2)) {
            try DownloadRequest.parse(try body(try keys([1, 2, 1])))
        }
        #expect(throws: SecurityDomainError.duplicateOfficer(first: 0, second: 1)) {
            try DownloadRequest.parse(
                try body([try Key("officer1.cer"), try Key("officer1-again.cer"), try Key("officer2.cer")]))
        }
        var otherExponent = try Key("officer1.cer")
        let exponent = try #require(otherExponent.certificate.firstRange(of: [0x02, 0x03, 0x01, 0x00, 0x01]))
        otherExponent.certificate[exponent.upperBound - 1] = 0x03
        #expect(throws: SecurityDomainError.duplicateOfficer(first: 1, second: 2)) {
            try DownloadRequest.parse(try body([try Key("officer2.cer"), try Key("officer1.cer"), otherExponent]))
        }
    }

    @Test("A key that can't hold a share is named by its position")
    func badKeys() throws {
        func reason(_ change: (inout Key) throws -> Void) throws -> String? {
            var third = try Key("officer3.cer")
            try change(&third)
            let request = try body(try keys([1, 2]) + [third])
            let error = #expect(throws: SecurityDomainError.self) { try DownloadRequest.parse(request) }
            guard case .officerRejected(position: 2, let reason)? = error else { return nil }
            return reason
        }
        #expect(
            try reason { $0.certificate = try TestWorld.certificateDER("small.cer") }
                == "the RSA key has 1024 bits; it must have 2048, 3072 or 4096")
        #expect(try reason { $0.certificate = try TestWorld.certificateDER("elliptic.cer") } == "the key is not RSA")
        #expect(try reason { $0.certificate = [1, 2, 3] } == "not an X.509 certificate")
        #expect(try reason { $0.certificate.append(0) } == "not an X.509 certificate")
        #expect(try reason { $0.kty = "EC" } == "kty is not RSA")
        #expect(try reason { $0.modulus = "AQAB" } == "n is not that of x5c")
        #expect(try reason { $0.thumbprint = "AQAB" } == "x5t#S256 is not that of x5c")
        #expect(try reason { $0.chainLength = 2 } == "x5c must hold exactly one certificate")
    }

    @Test("Pinned officers must be exactly these")
    func pins() throws {
        let officers = try TestWorld.officers()
        let pins = try [3, 2, 1].map { try TestWorld.officer($0).thumbprint }
        #expect(throws: Never.self) { try officers.check(pinned: pins) }
        #expect(throws: SecurityDomainError.officersNotPinned) { try officers.check(pinned: Array(pins.dropLast())) }
        #expect(throws: SecurityDomainError.officersNotPinned) {
            try officers.check(pinned: Array(pins.dropLast()) + [try TestWorld.officer(4).thumbprint])
        }
    }
}
