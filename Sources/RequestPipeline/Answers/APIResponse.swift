public import AccessControl
public import StrictJSON

/// A handler's successful answer, before the pipeline adds the headers that every answer carries.
public struct APIResponse: Sendable {
    /// Of HTTP, also in the audit record.
    public var status: Int
    /// Names in lower case: one that every answer carries is replaced by the one given here.
    public var headers: [(String, String)]
    /// Complete; empty for an answer without content, which has no `content-type` either.
    public var body: [UInt8]
    public var contentType: String
    /// What the request's record says beside caller and outcome.
    public var audit: OperationDetails
    /// The operations that one request asked for at once. Where there are any, each has a record of its own, in place
    /// of one for the request.
    public var parts: [Part] = []

    /// One operation of several.
    public struct Part: Sendable {
        /// What the answer would be if it were for this operation alone.
        public let status: Int
        public let audit: OperationDetails
        /// Why it failed.
        public let failure: String?

        public init(status: Int, audit: OperationDetails, failure: String? = nil) {
            self.status = status
            self.audit = audit
            self.failure = failure
        }
    }

    public init(
        status: Int = 200, headers: [(String, String)] = [], body: [UInt8] = [],
        contentType: String = APIResponse.json, audit: OperationDetails = OperationDetails()
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.contentType = contentType
        self.audit = audit
    }

    /// The `content-type` of JSON documents.
    public static let json = "application/json; charset=utf-8"

    /// An answer whose body is one JSON object.
    public static func object(
        status: Int = 200, audit: OperationDetails = OperationDetails(), _ write: (inout JSONWriter) -> Void
    ) -> APIResponse {
        var writer = JSONWriter()
        writer.object(write)
        return APIResponse(status: status, body: writer.bytes, audit: audit)
    }
}

/// What a handler adds to the audit record of its request.
public struct OperationDetails: Sendable {
    /// Full identifier of the key version that was used or changed.
    public var keyIdentifier: String?
    /// As the request names it, for example `RS256`.
    public var algorithm: String?
    /// What ties the record to the data of the request, without revealing it.
    public var evidence: OperationEvidence?
    /// Whom an anonymous request turned out to come from: a client that got a token.
    public var authenticated: GUID?
    /// What else the record is to say, in this order: members of its `properties`. Values are cut at 1024 bytes.
    public var extra: [(name: String, value: String)]
    /// The request changed nothing and obtained what an earlier, recorded one had obtained: anonymous ones are counted.
    public var isRepetition = false

    public init(
        keyIdentifier: String? = nil, algorithm: String? = nil, evidence: OperationEvidence? = nil,
        authenticated: GUID? = nil, extra: [(name: String, value: String)] = []
    ) {
        self.extra = extra
        self.authenticated = authenticated
        self.keyIdentifier = keyIdentifier
        self.algorithm = algorithm
        self.evidence = evidence
    }
}

/// A digest of a request's data, 32 bytes. Plaintext and its digest never appear in a record.
public enum OperationEvidence: Hashable, Sendable {
    /// SHA-256 of the digest that was submitted for signing.
    case submitted([UInt8])
    /// SHA-256 of what was encrypted or is to be decrypted.
    case ciphertext([UInt8])
    /// HMAC, under a key of the pool's, of what could be guessed.
    case blinded([UInt8])
}
