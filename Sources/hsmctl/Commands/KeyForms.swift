import ArgumentParser
import CryptographicModule
import Foundation
import StrictJSON

/// The forms of a public key: PEM and DER as openssl has them, JWK as the protocol has it.
enum PublicKeyForm: String, ExpressibleByArgument, CaseIterable {
    case pem, der, jwk

    /// - Parameter bundle: the service's answer about a key.
    /// - Throws: ``ClientError`` where the key is symmetric: there is nothing public.
    func bytes(_ bundle: JSONObject) throws -> [UInt8] {
        switch self {
        case .der: return try Self.publicKey(bundle).spkiDER()
        case .pem: return Array((PEM.text("PUBLIC KEY", try Self.publicKey(bundle).spkiDER())).utf8)
        case .jwk:
            _ = try Self.publicKey(bundle)
            guard let key = bundle.object("key") else { throw ClientError.refused("The answer holds no key.") }
            var writer = JSONWriter()
            writer.value(.object(key))
            return writer.bytes + [UInt8(ascii: "\n")]
        }
    }

    static func publicKey(_ bundle: JSONObject) throws -> PublicKey {
        let key = bundle.object("key")
        func bytes(_ name: String) -> [UInt8]? { key?.text(name).flatMap { Base64URL.decode($0) } }
        if let n = bytes("n"), let e = bytes("e") { return .rsa(n: n, e: e) }
        if key?.text("crv") == "Ed25519", let x = bytes("x") { return .ed25519(x: x) }
        guard let curve = key?.text("crv").flatMap({ EllipticCurve(jsonName: $0) }), let x = bytes("x"),
            let y = bytes("y")
        else {
            throw ClientError.refused("The key has no public half.")
        }
        return .ec(curve, x: x, y: y)
    }
}

/// Text around DER (RFC 7468).
enum PEM {
    static func text(_ label: String, _ der: [UInt8]) -> String {
        let lines = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        return "-----BEGIN \(label)-----\n\(lines)\n-----END \(label)-----\n"
    }
}

/// The private key that is imported: in which form a file holds it, and its members for the request.
enum PrivateKeyForm: String, ExpressibleByArgument, CaseIterable {
    case pem, der, jwk, raw

    /// Told by the file's first bytes. Raw bytes could be anything: they have to be named.
    static func told(by content: borrowing Secret) -> PrivateKeyForm? {
        content.withUnsafeBytes { bytes -> PrivateKeyForm? in
            let first = bytes.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
            if first == UInt8(ascii: "{") { return .jwk }
            let begin = Array("-----BEGIN ".utf8)
            if bytes.indices.contains(where: { bytes[$0...].starts(with: begin) }) { return .pem }
            return first == 0x30 ? .der : nil
        }
    }

    /// The members `kty` and on. They are in ordinary memory, as the request is that they go into.
    func members(_ content: borrowing Secret, file: String) throws -> [(name: String, value: String)] {
        switch self {
        case .raw:
            guard [16, 24, 32].contains(content.count) else {
                throw ClientError.usage("\(file) holds \(content.count) bytes; a symmetric key has 16, 24 or 32.")
            }
            return [("kty", "oct"), ("k", content.withUnsafeBytes { Base64URL.encode(Array($0)) })]
        case .jwk: return try Self.webKey(content.withUnsafeBytes { Array($0) }, file)
        case .pem: return try Self.members(pem: content, file)
        case .der:
            // The label says what is inside: the older forms have labels of their own.
            for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"] {
                let text = content.withUnsafeBytes { PEM.text(label, Array($0)) }
                if let found = try? Self.members(pem: try Secret(copying: Array(text.utf8)), file) { return found }
            }
            throw ClientError.usage("\(file) holds no private key in DER: neither PKCS#8 nor the older RSA or EC form.")
        }
    }

    private static func members(
        pem: borrowing Secret, _ file: String
    ) throws -> [(name: String, value: String)] {
        do {
            let key = try PrivateKeyFile(pem: pem) { try Passphrase.read(for: file) }
            return key.members.map { ($0.name, $0.value) }
        } catch let error as CryptoError {
            throw ClientError.usage("\(file) can't be read as a private key: \(error).")
        }
    }

    private static func webKey(_ bytes: [UInt8], _ file: String) throws -> [(name: String, value: String)] {
        guard case .object(let object)? = try? JSONReader.parse(bytes), object.text("kty") != nil else {
            throw ClientError.usage("\(file) isn't a JSON Web Key.")
        }
        let names = ["kty", "crv", "n", "e", "d", "p", "q", "dp", "dq", "qi", "x", "y", "k"]
        return names.compactMap { name in object.text(name).map { (name, $0) } }
    }
}
