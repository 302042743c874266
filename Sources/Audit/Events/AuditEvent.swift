/// One thing that somebody did, or was refused, at the interface of the pool.
///
/// Encodes to one line of JSON with the members of the cloud service's audit log, so that the tools which read that log
/// read this one. What is the same in every line (tenant, issuer, tier) stands once in the header line of each
/// file.
public struct AuditEvent: Hashable, Sendable {
    /// Receipt of the request, Unix milliseconds: `time`.
    public var time: Int64
    /// Object and verb, such as `KeySign`.
    public var operationName: String
    /// The request's api-version: `operationVersion`.
    public var operationVersion: String
    /// `httpStatusCode`; `resultType` and `resultSignature` follow from it.
    public var status: Int
    /// Detail on a failure: `resultDescription`.
    public var resultDescription: String?
    /// Server time without the network: `durationMs`.
    public var durationMilliseconds: Int64
    /// `callerIpAddress`.
    public var callerAddress: String
    /// Who called: `identity`. `nil` for a caller who was not authenticated.
    public var caller: AuditCaller?
    /// The User-Agent: `clientInfo`. Cut at 256 bytes.
    public var clientInfo: String
    /// The caller's own request id: `correlationId`.
    public var correlationID: String
    /// The full URL without its query: `requestUri`.
    public var requestURI: String
    /// Which key, how, on what: `properties`.
    public var details: AuditDetails
    /// The log index of the policy by which the request was decided: `policyIndex`.
    public var policyIndex: UInt64

    /// Checks and cuts nothing: texts that are too long are cut where the event is encoded.
    public init(
        time: Int64, operationName: String, operationVersion: String = "", status: Int,
        resultDescription: String? = nil, durationMilliseconds: Int64 = 0, callerAddress: String = "",
        caller: AuditCaller? = nil, clientInfo: String = "", correlationID: String = "", requestURI: String = "",
        details: AuditDetails = AuditDetails(), policyIndex: UInt64 = 0
    ) {
        self.time = time
        self.operationName = operationName
        self.operationVersion = operationVersion
        self.status = status
        self.resultDescription = resultDescription
        self.durationMilliseconds = durationMilliseconds
        self.callerAddress = callerAddress
        self.caller = caller
        self.clientInfo = clientInfo
        self.correlationID = correlationID
        self.requestURI = requestURI
        self.details = details
        self.policyIndex = policyIndex
    }
}

/// An authenticated caller.
public struct AuditCaller: Hashable, Sendable {
    /// How the caller proved who it is.
    public enum Authentication: String, Hashable, Sendable {
        case token
        case clientSecret
        /// The pool's own doing: schedules, recovery.
        case system
    }

    /// The principal.
    public var objectID: String
    /// The client id of the principal's own application: claim `appid`. `nil` where the principal has none.
    public var applicationID: String?
    public var authentication: Authentication

    public init(objectID: String, applicationID: String? = nil, authentication: Authentication = .token) {
        self.objectID = objectID
        self.applicationID = applicationID
        self.authentication = authentication
    }
}

/// What a request was about: the members of `properties`.
public struct AuditDetails: Hashable, Sendable {
    /// The full URL of the key version.
    public var keyID: String?
    /// The algorithm asked for, such as `ES256`.
    public var algorithm: String?
    /// What ties the record to the data without revealing it.
    public var evidence: AuditEvidence?
    /// Further members, in this order. A name must not be one of those above.
    public var extra: [Extra]

    /// A member of `properties` with a text as its value. Of one record the first 24 are encoded; a name is cut at 64
    /// bytes of UTF-8, a value at 1024.
    public struct Extra: Hashable, Sendable {
        public let name: String
        public let value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    public init(keyID: String? = nil, algorithm: String? = nil, evidence: AuditEvidence? = nil, extra: [Extra] = []) {
        self.keyID = keyID
        self.algorithm = algorithm
        self.evidence = evidence
        self.extra = extra
    }
}

/// A 32-byte value that ties a record to the data of its request. Plaintext and its digest never appear.
public enum AuditEvidence: Hashable, Sendable {
    /// Signatures: SHA-256 of the digest that was submitted for signing (`digest`).
    case submitted([UInt8])
    /// Encryption, wrapping: SHA-256 of the ciphertext (`ciphertext`).
    case ciphertext([UInt8])
    /// Values that could be guessed: an HMAC under the pool's blinding key (`blinded`).
    case blinded([UInt8])
}
