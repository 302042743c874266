import CryptographicModule
import Foundation
import HTTPTransport
import Logging
import NIOPosix
import PoolState
import Raft
import StrictJSON

/// What a member tells a node that it has admitted.
struct JoinAnswer: Sendable {
    /// The node itself is among them.
    let members: [NodeConfiguration.Member]
    let epoch: UInt64
}

/// Shows a ticket to a member, so that the pool admits this node. Can be repeated: the pool knows a node again by its
/// key.
struct PoolJoining {
    let configuration: NodeConfiguration
    let file: JoinFile
    let group: MultiThreadedEventLoopGroup
    let logger: Logger

    /// For a member's answer, which may have to wait for the pool. One that says nothing must not keep the node from
    /// asking the others.
    private static let patience = Duration.seconds(30)

    /// Asks one member after the other until one has admitted the node.
    func join() async throws -> JoinAnswer {
        var failures: [String] = []
        for endpoint in file.endpoints {
            do {
                let answer = try await join(at: endpoint)
                logger.notice("admitted to the pool", metadata: ["by": "\(endpoint)", "id": "\(file.node)"])
                return answer
            } catch let refusal as Refused {
                throw ConfigurationError(
                    file: file.file, problem: "\(endpoint) refuses it: \(refusal.message)", cure: refusal.cure)
            } catch {
                failures.append("\(endpoint): \(error)")
            }
        }
        throw NodeFailure.noMember(
            ConfigurationError(
                file: file.file, problem: "no member could be asked: \(failures.joined(separator: "; "))",
                cure: "Start again when a member with a majority answers; the ticket is good for an hour."))
    }

    /// Asking another member would make no difference.
    private struct Refused: Error {
        let message: String
        let cure: String
    }

    private func join(at endpoint: String) async throws -> JoinAnswer {
        guard let place = Self.place(of: endpoint) else {
            throw ConfigurationError(file: file.file, problem: "'\(endpoint)' isn't a URL", cure: "Correct it.")
        }
        let client = try await HTTP2Client.connect(
            host: place.host, port: place.port, trust: .pem(Array(file.authority.utf8)), group: group)
        defer { client.abandon() }
        let request = HTTP2ClientRequest(
            method: .post, authority: place.authority, path: "/quorate/v1/nodes/join",
            headers: [("content-type", "application/json")], body: try body())
        return try read(try await client.send(request, within: Self.patience))
    }

    /// Whom to connect to, and what requests call it: there an IPv6 address stands in brackets.
    static func place(of endpoint: String) -> (host: String, port: Int, authority: String)? {
        guard let url = URL(string: endpoint), let host = url.host, (1...65_535).contains(url.port ?? 443) else {
            return nil
        }
        return (
            host.trimmingCharacters(in: CharacterSet(charactersIn: "[]")), url.port ?? 443,
            String(endpoint.dropFirst("https://".count).prefix { $0 != "/" })
        )
    }

    private func body() throws -> [UInt8] {
        guard let own = configuration.selfMember else { return [] }
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("ticket", Base64URL.encode(file.ticket))
            writer.member("publicKey", Base64URL.encode(own.publicKey))
            writer.member("endpoint", own.endpoint)
            writer.member("peerAddress", PeerAddress.join(own.peerHost, own.peerPort))
            writer.member("knowsPoolVersion", UInt64(PoolVersion.newest.rawValue))
        }
        return writer.bytes
    }

    private func read(_ answer: HTTP2ClientResponse) throws -> JoinAnswer {
        guard case .object(let object)? = try? JSONReader.parse(answer.body) else {
            throw HTTP2ClientError.badResponse("the answer isn't JSON")
        }
        guard answer.status == 200 else {
            var message = "status \(answer.status)"
            if case .object(let error)? = object["error"], case .string(let text)? = error["message"] { message = text }
            // Unavailable, overloaded, sealed: another member may be able to.
            if answer.status == 503 || answer.status == 429 { throw HTTP2ClientError.badResponse(message) }
            throw Refused(
                message: message,
                cure: answer.status == 409
                    ? "Correct that and start again; the ticket is good for an hour."
                    : "Make a new file with: hsmctl node add")
        }
        guard case .array(let list)? = object["members"], case .integer(let epoch)? = object["epoch"], epoch > 0 else {
            throw HTTP2ClientError.badResponse("the answer names no members")
        }
        let members = list.compactMap { element -> NodeConfiguration.Member? in
            guard case .object(let member) = element, case .integer(let id)? = member["id"], id > 0,
                case .string(let name)? = member["name"], case .string(let endpoint)? = member["endpoint"],
                case .string(let address)? = member["peerAddress"], let (host, port) = PeerAddress.split(address),
                case .string(let key)? = member["publicKey"], let publicKey = Base64URL.decode(key)
            else { return nil }
            return NodeConfiguration.Member(
                id: NodeID(UInt64(id)), name: name, peerHost: host, peerPort: port, endpoint: endpoint,
                publicKey: publicKey)
        }
        return JoinAnswer(members: members, epoch: UInt64(epoch))
    }
}
