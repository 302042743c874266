public import PoolState
import StrictJSON

/// A refusal in the protocol's error envelope: `{"error":{"code":…,"message":…,"innererror":{"code":…}}}`.
public struct APIError: Error, Hashable, Sendable {
    /// Of HTTP: 400 or above.
    public var status: Int
    /// What clients tell errors apart by: Key Vault's name for it, where it has one.
    public var code: String
    /// `innererror.code`, for errors that share a code; `nil` leaves `innererror` out.
    public var innerCode: String?
    /// For people: what is wrong and what to do. Never holds a secret, nor text of the request that was not validated.
    public var message: String
    /// Seconds after which a retry makes sense. Only for 429 and 503: clients retry any answer that carries it.
    public var retryAfterSeconds: Int?
    /// The methods that the path answers to, separated by commas: goes with 405 (RFC 9110 section 15.5.6).
    public var allowedMethods: String?
    /// For the node's log, and never in an answer: what went wrong inside. Never holds a secret.
    public var cause: String?

    public init(
        status: Int, code: String, innerCode: String? = nil, message: String, retryAfterSeconds: Int? = nil,
        allowedMethods: String? = nil, cause: String? = nil
    ) {
        self.cause = cause
        self.allowedMethods = allowedMethods
        self.status = status
        self.code = code
        self.innerCode = innerCode
        self.message = message
        self.retryAfterSeconds = retryAfterSeconds
    }
}

extension APIError {
    /// 400: the request is malformed, or asks for what no state of the pool allows.
    public static func badParameter(_ message: String) -> APIError {
        APIError(status: 400, code: "BadParameter", message: message)
    }

    /// 403 for another reason than the caller's rights: pool or key are in a state that doesn't allow it.
    public static func forbidden(_ message: String, innerCode: String? = nil) -> APIError {
        APIError(status: 403, code: "Forbidden", innerCode: innerCode, message: message)
    }

    /// 403: the caller lacks a role, or shows a credential that isn't good.
    public static func accessDenied(_ message: String) -> APIError {
        APIError(status: 403, code: "AccessDenied", message: message)
    }

    /// - Parameter code: names what there is none of, as `KeyNotFound` does.
    public static func notFound(_ code: String, _ message: String) -> APIError {
        APIError(status: 404, code: code, message: message)
    }

    /// 409: the state has changed, or has to change first. The same request may succeed later.
    public static func conflict(_ message: String, code: String = "Conflict", innerCode: String? = nil) -> APIError {
        APIError(status: 409, code: code, innerCode: innerCode, message: message)
    }

    /// 429: nothing was done. Of a known caller it is counted, not recorded, and the answer waits for no record.
    public static let tooManyRequests = APIError(
        status: 429, code: "TooManyRequests", message: "The node's queue for slow operations is full. Retry later.",
        retryAfterSeconds: 1)

    /// 429, where reads and writes come faster than the pool confirms them.
    static let tooMuchWaiting = APIError(
        status: 429, code: "TooManyRequests",
        message: "Too many reads and writes wait for the pool's nodes to confirm them. Retry later, and send fewer at "
            + "once.",
        retryAfterSeconds: 1)

    /// Whether the request was refused because there was too much to do, with nothing done.
    var isForLoad: Bool { status == 429 }

    /// 503 with `Retry-After`: clients ask again by themselves.
    public static func unavailable(_ message: String, retryAfterSeconds: Int = 1) -> APIError {
        APIError(status: 503, code: "ServiceUnavailable", message: message, retryAfterSeconds: retryAfterSeconds)
    }

    /// 503 from a node without the pool's keys.
    public static let sealed = APIError(
        status: 503, code: "ServiceUnavailable", innerCode: "NodeSealed",
        message: "This node is sealed: it holds no key that could answer. An unsealed peer unseals it by itself; "
            + "where none is left, or an administrator has sealed it, a quorum of officers runs 'hsmctl unseal'. "
            + "'hsmctl pool status' shows what it waits for.",
        retryAfterSeconds: 1)

    /// A failure inside the service.
    /// - Parameter cause: goes to the log, never to the caller; without secrets.
    public static func internalFailure(_ cause: String) -> APIError {
        APIError(
            status: 500, code: "InternalServerError",
            message: "The service failed to answer. The node's log has the cause.", cause: cause)
    }

    /// A refusal by the pool that no request should meet which has passed its own checks: a failure inside the service.
    /// The refusal's name goes to the log alone.
    public static func unexpected(_ refusal: Refusal) -> APIError {
        .internalFailure("the pool refused a command that had been checked: \(refusal)")
    }

    /// The record of a key that was looked up isn't there. The pipeline decides the request anew before it answers so,
    /// since the key may have been sealed anew or purged in between.
    public static let keyRecordMissing = APIError(
        status: 500, code: "InternalServerError",
        message: "The node's store of key material lacks a record of the key. Ask another node, and look into this "
            + "one's log.")
}

extension APIError {
    /// The envelope as bytes. The request's id is appended to the message as clients' users know it from the cloud
    /// service.
    func envelope(requestID: String) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.object { writer in
            writer.member("error") { writer in
                writer.object { writer in
                    writer.member("code", code)
                    writer.member("message", "\(message) (Activity ID: \(requestID))")
                    if let innerCode {
                        writer.member("innererror") { $0.object { $0.member("code", innerCode) } }
                    }
                }
            }
        }
        return writer.bytes
    }
}
