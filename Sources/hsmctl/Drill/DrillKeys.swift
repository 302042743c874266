import CryptographicModule
import NIOHTTP1
import StrictJSON

/// The keys of a drill, and what each has signed before anything happened.
struct DrillKeys {
    private struct Kept {
        let path: String
        let signature: String
    }

    private static let digest = Base64URL.encode(Digest.sha256(Array("What comes back signs as before.".utf8)))
    private var kept: [Kept] = []

    /// Makes keys `drill-1` and so on, with the prefix `drill`, and has each sign.
    init(count: Int, prefix: String = "drill", _ client: PoolClient) async throws {
        for number in 1...count {
            let name = "\(prefix)-\(number)"
            let made = try await client.send(.POST, "/keys/\(name)/create") {
                $0.member("kty", "EC-HSM")
                $0.member("crv", "P-256")
            }
            guard let identifier = made.body.object("key")?.text("kid"),
                let version = identifier.split(separator: "/").last
            else { throw ClientError.refused("The answer names no key.") }
            let path = "/keys/\(name)/\(version)"
            kept.append(Kept(path: path, signature: try await Self.sign(path, client, nil)))
        }
    }

    /// Each key signs at each node, and knows its signatures again, old and new.
    func verify(at endpoints: [String], _ client: PoolClient) async throws {
        for endpoint in endpoints {
            for key in kept {
                for signature in [key.signature, try await Self.sign(key.path, client, endpoint)] {
                    let answer = try await Self.send(
                        "\(key.path)/verify", client, endpoint,
                        { writer in
                            writer.member("alg", "ES256")
                            writer.member("digest", Self.digest)
                            writer.member("value", signature)
                        })
                    guard answer.flag("value") == true else {
                        throw ClientError.refused("\(key.path) doesn't know its signature again at \(endpoint).")
                    }
                }
            }
        }
    }

    private static func sign(_ path: String, _ client: PoolClient, _ endpoint: String?) async throws -> String {
        let answer = try await send(
            "\(path)/sign", client, endpoint,
            { writer in
                writer.member("alg", "ES256")
                writer.member("value", digest)
            })
        guard let signature = answer.text("value") else { throw ClientError.refused("\(path) signed nothing.") }
        return signature
    }

    private static func send(
        _ path: String, _ client: PoolClient, _ endpoint: String?, _ body: @escaping PoolClient.Body
    ) async throws -> JSONObject {
        guard let endpoint else { return try await client.send(.POST, path, body: body).body }
        return try PoolClient.check(await client.send(.POST, path, body: body, to: endpoint)).body
    }
}
