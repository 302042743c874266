import HTTPTransport
import PoolState

/// One request on its way through the pipeline.
final class Exchange: Sendable {
    let request: HTTPRequest
    let responder: Responder
    let host: HostTable.Entry
    let endpoint: Endpoint
    let parameters: PathParameters
    let query: QueryParameters
    let requestID: String
    /// Milliseconds since 1970-01-01T00:00:00Z.
    let receivedAt: Int64

    init(
        request: HTTPRequest, responder: Responder, host: HostTable.Entry, endpoint: Endpoint,
        parameters: PathParameters, query: QueryParameters, requestID: String, receivedAt: Int64
    ) {
        self.request = request
        self.responder = responder
        self.host = host
        self.endpoint = endpoint
        self.parameters = parameters
        self.query = query
        self.requestID = requestID
        self.receivedAt = receivedAt
    }

    func context(
        services: PipelineServices, principal: AuthenticatedPrincipal?, view: PoolView
    ) -> RequestContext {
        RequestContext(self, services: services, principal: principal, view: view)
    }
}

/// A random UUID (RFC 9562 version 4) in text form. It names a request; it guards nothing.
enum RequestID {
    static func make() -> String {
        var words = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))
        words.0 = words.0 & ~0xF000 | 0x4000
        words.1 = words.1 & ~(0b11 << 62) | 0b10 << 62
        return String(unsafeUninitializedCapacity: 36) { text in
            var position = 0
            for nibble in 0..<32 {
                if nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20 {
                    text[position] = UInt8(ascii: "-")
                    position += 1
                }
                let word = nibble < 16 ? words.0 : words.1
                let digit = UInt8(word >> (60 - 4 * UInt64(nibble % 16)) & 15)
                text[position] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
                position += 1
            }
            return position
        }
    }
}
