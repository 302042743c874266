import HTTPTransport
import PoolState

/// One request on its way through the pipeline.
struct Exchange: Sendable {
    let request: HTTPRequest
    let responder: Responder
    let host: HostTable.Entry
    let endpoint: Endpoint
    let parameters: PathParameters
    let query: QueryParameters
    let requestID: String
    /// Milliseconds since 1970-01-01T00:00:00Z.
    let receivedAt: Int64

    func context(
        services: PipelineServices, principal: AuthenticatedPrincipal?, view: PoolView
    ) -> RequestContext {
        RequestContext(
            request: request, endpoint: endpoint, parameters: parameters, query: query, host: host, services: services,
            requestID: requestID, principal: principal, view: view, receivedAt: receivedAt)
    }
}

/// A random UUID (RFC 9562 version 4) in text form. It names a request; it guards nothing.
enum RequestID {
    static func make() -> String {
        var words = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))
        words.0 = words.0 & ~0xF000 | 0x4000
        words.1 = words.1 & ~(0b11 << 62) | 0b10 << 62
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for (position, nibble) in (0..<32).enumerated() {
            if [8, 12, 16, 20].contains(position) { text.append(UInt8(ascii: "-")) }
            let word = nibble < 16 ? words.0 : words.1
            let digit = UInt8(word >> (60 - 4 * UInt64(nibble % 16)) & 15)
            text.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
        return String(decoding: text, as: UTF8.self)
    }
}
