import CryptographicModule
import NIOHTTP1
import StrictJSON

/// An officer's word on what waits for officers: what the three things that they approve have in common.
enum OfficerVoting {
    /// The officer's place among those that the pool's answer names, from 1; `nil` where the officer isn't one of them.
    static func place(of certificate: X509Certificate, in answer: JSONObject) -> Int? {
        answer.texts("officers").firstIndex(of: Hexadecimal.encode(Digest.sha256(certificate.der))).map { $0 + 1 }
    }

    /// Gives a signature at a path of the pool.
    static func give(
        _ signature: [UInt8], as place: Int, at path: String, _ client: PoolClient
    ) async throws -> JSONObject {
        try await client.send(.POST, path) { writer in
            writer.member("officer", place)
            writer.member("signature", Base64URL.encode(signature))
        }.body
    }
}
