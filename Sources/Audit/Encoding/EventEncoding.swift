extension AuditEvent {
    /// What each member may take, in bytes of UTF-8: a record is bounded whatever the request held.
    private enum Limit {
        static let word = 64
        static let identifier = 256
        static let clientInfo = 256
        static let description = 512
        static let url = 1024
        static let extras = 24
    }

    /// The members of the record up to, not including, its sequence number and chain value.
    ///
    /// What holds for all lines of a file, and what is meant where a line says nothing (200 `OK`, authentication by
    /// token), stands in the file's header: a signature takes less than 850 bytes.
    func encode() -> [UInt8] {
        var line = LineWriter(capacity: 960)
        line.literal("{\"time\":\"")
        line.time(time)
        line.literal("\",\"operationName\":\"")
        line.text(operationName, limit: Limit.word)
        line.literal("\",\"operationVersion\":\"")
        line.text(operationVersion, limit: Limit.word)
        line.literal("\",\"resultType\":\"")
        line.literal(StatusText.resultType(status))
        if status != 200 {
            line.literal("\",\"resultSignature\":\"")
            line.literal(StatusText.signature(status))
        }
        if let resultDescription {
            line.literal("\",\"resultDescription\":\"")
            line.text(resultDescription, limit: Limit.description)
        }
        line.literal("\",\"properties\":{")
        encodeProperties(to: &line)
        line.literal("},\"durationMs\":")
        line.integer(durationMilliseconds)
        line.literal(",\"callerIpAddress\":\"")
        line.text(callerAddress, limit: Limit.word)
        line.literal("\",\"identity\":\"")
        if let caller { encodeIdentity(caller, to: &line) }
        line.literal("\",\"clientInfo\":\"")
        line.text(clientInfo, limit: Limit.clientInfo)
        line.literal("\",\"correlationId\":\"")
        line.text(correlationID, limit: Limit.word)
        line.literal("\",\"httpStatusCode\":")
        line.integer(Int64(status))
        line.literal(",\"requestUri\":\"")
        line.text(requestURI, limit: Limit.url)
        line.literal("\",\"policyIndex\":")
        line.unsigned(policyIndex)
        return line.bytes
    }

    private func encodeProperties(to line: inout LineWriter) {
        var isFirst = true
        func member(_ name: StaticString, _ line: inout LineWriter) {
            line.literal(isFirst ? "\"" : ",\"")
            isFirst = false
            line.literal(name)
            line.literal("\":\"")
        }
        if let keyID = details.keyID {
            member("id", &line)
            line.text(keyID, limit: Limit.url)
            line.literal("\"")
        }
        if let algorithm = details.algorithm {
            member("algorithm", &line)
            line.text(algorithm, limit: Limit.word)
            line.literal("\"")
        }
        if let evidence = details.evidence {
            member(evidence.name, &line)
            line.base64URL(evidence.value)
            line.literal("\"")
        }
        if let caller, caller.authentication != .token {
            member("authentication", &line)
            line.text(caller.authentication.rawValue, limit: Limit.word)
            line.literal("\"")
        }
        for extra in details.extra.prefix(Limit.extras) {
            line.literal(isFirst ? "\"" : ",\"")
            isFirst = false
            line.text(extra.name, limit: Limit.word)
            line.literal("\":\"")
            line.text(extra.value, limit: Limit.url)
            line.literal("\"")
        }
    }

    /// The cloud service's form of an identity: a JSON document as the content of a string.
    private func encodeIdentity(_ caller: AuditCaller, to line: inout LineWriter) {
        line.literal(#"{\"claim\":{"#)
        if let applicationID = caller.applicationID {
            line.literal(#"\"appid\":\""#)
            line.nestedText(applicationID, limit: Limit.identifier)
            line.literal(#"\","#)
        }
        line.literal(#"\"http_schemas_microsoft_com_identity\":{\"claims\":{\"objectidentifier\":\""#)
        line.nestedText(caller.objectID, limit: Limit.identifier)
        line.literal(#"\"}}}}"#)
    }
}

extension AuditEvidence {
    fileprivate var name: StaticString {
        switch self {
        case .submitted: "digest"
        case .ciphertext: "ciphertext"
        case .blinded: "blinded"
        }
    }

    fileprivate var value: [UInt8] {
        switch self {
        case .submitted(let value), .ciphertext(let value), .blinded(let value): value
        }
    }
}

/// Words for HTTP status codes.
enum StatusText {
    static func resultType(_ status: Int) -> StaticString {
        switch status {
        case ..<400: "Success"
        case 401, 403: "Unauthorized"
        default: "Failed"
        }
    }

    static func signature(_ status: Int) -> StaticString {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "NoContent"
        case 400: "BadRequest"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "NotFound"
        case 405: "MethodNotAllowed"
        case 409: "Conflict"
        case 413: "PayloadTooLarge"
        case 415: "UnsupportedMediaType"
        case 421: "MisdirectedRequest"
        case 429: "TooManyRequests"
        case 500: "InternalServerError"
        case 503: "ServiceUnavailable"
        case 100..<400: "Success"
        default: "Error"
        }
    }
}
