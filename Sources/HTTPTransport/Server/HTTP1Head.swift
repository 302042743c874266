import NIOCore
import NIOHTTP1

/// The head of an HTTP/1.x request after the checks that the decoder leaves to us (RFC 9112).
struct HTTP1Head {
    let method: HTTPMethod
    let target: RequestTarget
    let authority: String
    let fields: HTTPFields
    let version: HTTPVersion
    let keepAlive: Bool
    let contentLength: Int?
    let expectsContinue: Bool

    /// - Throws: the refusal to answer with. The connection can't be used after it: where the next request begins is in
    ///   doubt, and doubt about that is what request smuggling lives on.
    init(_ head: HTTPRequestHead, limits: TransportLimits) throws(HTTP1Refusal) {
        var fields = HTTPFields()
        var listBytes = 0
        fields.reserve(bytes: 512, fields: 16)
        for (name, value) in head.headers {
            listBytes += name.utf8.count + value.utf8.count + 32
            fields.append(name: name, value: value)
        }
        guard listBytes <= limits.maximumHeaderListBytes, fields.count <= limits.maximumHeaderFields else {
            throw HTTP1Refusal(.headersTooLarge)
        }
        switch (head.version.major, head.version.minor) {
        case (1, 1): version = .http1_1
        case (1, 0): version = .http1_0
        default: throw HTTP1Refusal(.malformed("The protocol version is not supported."))
        }
        try HTTP1Head.checkFraming(fields, version: version)
        if let refusal = fields.refusal { throw HTTP1Refusal(refusal) }
        guard let target = HTTP1Head.target(head.uri) else {
            throw HTTP1Refusal(.malformed("The request target is malformed."))
        }
        let hosts = fields.count(of: "host")
        guard hosts == 1 || (hosts == 0 && version == .http1_0) else {
            throw HTTP1Refusal(.malformed("There must be one Host field."))
        }
        method = HTTPMethod(head.method.rawValue)
        authority = target.authority ?? fields.first("host") ?? ""
        contentLength = fields.contentLength
        expectsContinue = version == .http1_1 && fields.contains("expect")
        // The decoder takes what follows for the other protocol: it would keep all of it, and answer none.
        let wantsOtherProtocol = fields.contains("upgrade") || head.method == .CONNECT
        keepAlive = head.isKeepAlive && !wantsOtherProtocol
        self.target = target
        self.fields = fields
    }

    private static func target(_ uri: String) -> RequestTarget? {
        var uri = uri
        return uri.withUTF8 { RequestTarget(UnsafeRawBufferPointer($0), allowsAbsolute: true) }
    }

    /// A message has one length, told in one way (RFC 9112 section 6.3).
    private static func checkFraming(_ fields: HTTPFields, version: HTTPVersion) throws(HTTP1Refusal) {
        let lengths = fields.count(of: "content-length")
        let codings = fields.count(of: "transfer-encoding")
        guard lengths <= 1, codings <= 1, lengths + codings <= 1 else {
            throw HTTP1Refusal(.malformed("The length of the body is ambiguous."))
        }
        if lengths == 1, fields.contentLength == .max {
            throw HTTP1Refusal(.malformed("The Content-Length field is malformed."))
        }
        guard codings == 1 else { return }
        let isChunked = fields.withBytes(of: "transfer-encoding") { bytes in
            bytes.map { HTTPFields.equal($0, "chunked") } ?? false
        }
        guard isChunked, version == .http1_1 else {
            throw HTTP1Refusal(.malformed("The transfer coding is not supported."))
        }
    }
}

/// A `Refusal` that can be thrown.
struct HTTP1Refusal: Error {
    let reason: Refusal

    init(_ reason: Refusal) { self.reason = reason }
}
