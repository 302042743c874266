import AccessControl
public import CryptographicModule
import HTTPTransport
public import PoolState
import RequestPipeline
import StrictJSON

/// New versions of the same kind, on demand and by rule.
public enum KeyRotation {
    static let endpoints = [
        Endpoint(
            .post, "/keys/{name}/rotate", operation: "KeyRotate",
            access: .dataAction(.keysRotate, .keyNamed(parameter: "name")), reads: .key(parameter: "name"),
            handler: .asynchronous(rotate)),
        Endpoint(
            .get, "/keys/{name}/rotationpolicy", operation: "KeyRotationPolicyGet",
            access: .dataAction(.keysRead, .keyNamed(parameter: "name")), reads: .key(parameter: "name"),
            handler: .inline { context throws(APIError) in
                let key = try KeyLookup.live(context)
                return RotationPolicyForm.response(key.rotation, of: key.name, context)
            }),
        Endpoint(
            .put, "/keys/{name}/rotationpolicy", operation: "KeyRotationPolicySet",
            access: .dataAction(.keysWrite, .keyNamed(parameter: "name")), reads: .key(parameter: "name"),
            handler: .proposal(setPolicy)),
    ]

    /// The next version of a key, made and sealed: the same kind, size, operations, tags and terms of
    /// release, valid for as long as the key's rules say. It takes as long as making a key.
    ///
    /// - Parameters:
    ///   - now: Unix time in seconds, from which the version counts.
    ///   - onlyIfDue: whether the pool refuses it unless the rules ask for it.
    public static func command(
        for key: KeyRecord, poolID: [UInt8], now: Int64, onlyIfDue: Bool, module: CryptographicModule
    ) throws(CryptoError) -> PoolCommand {
        let latest = key.latest
        // A policy may be from before there was a bound: one time that a client can't read spoils its whole list.
        let expires = (key.rotation?.rules.expiry?.after(now)).map { min($0, Fields.latestTime) }
        let generated = try module.generateKey(
            KeyTemplate(
                poolID: poolID, name: key.name, version: Random.bytes(16), material: material(latest),
                operations: latest.operations, createdAt: now, export: latest.exportTerms))
        return .createKeyVersion(
            NewKeyVersion(
                header: generated.header, publicKey: generated.publicKey, record: generated.record.bytes,
                origin: .generated, expires: expires, tags: latest.tags,
                releasePolicy: latest.releasePolicy,
                rotation: RotationCondition(follows: latest.version, onlyIfDue: onlyIfDue)))
    }

    /// How records and answers name a version of a key.
    public static func identifier(baseURL: String, name: String, version: [UInt8]) -> String {
        "\(baseURL)/keys/\(name)/\(Hexadecimal.encode(version))"
    }

    private static func material(_ version: KeyVersionRecord) -> KeyTemplate.Material {
        switch version.publicKey {
        case .rsa(_, let exponent)?: return .rsa(bits: version.header.bits, publicExponent: exponent)
        case .ec(let curve, _, _)?: return .ec(curve)
        case .ed25519?: return .ed25519
        case nil: return .oct(bits: version.header.bits)
        }
    }

    @Sendable
    private static func rotate(_ context: RequestContext) async throws(APIError) -> APIResponse {
        let key = try KeyLookup.live(context)
        guard key.latest.enabled else {
            throw .forbidden("Operation rotate is not allowed on a disabled key.", innerCode: "KeyDisabled")
        }
        guard key.rotation != nil else {
            throw .badParameter("The key has no rotation policy. Set one with 'PUT /keys/\(key.name)/rotationpolicy'.")
        }
        guard let pool = context.view.state.pool else { throw .internalFailure(RequestContext.noPool) }
        let (module, now) = (context.services.module, context.now)
        let command = try await context.compute { () throws(CryptoError) in
            try Self.command(for: key, poolID: pool.poolID, now: now, onlyIfDue: false, module: module)
        }
        guard case .createKeyVersion(let version) = command else {
            throw .internalFailure("a rotation makes another command than it should")
        }
        return try await KeyCreation.add(version, context)
    }

    @Sendable
    private static func setPolicy(_ context: RequestContext) async throws(APIError) -> APIResponse {
        let name = try KeyLookup.live(context).name
        let rules = try RotationPolicyForm.read(try context.fields())
        let view = try await context.apply(.setRotationRules(name: name, rules: rules))
        return RotationPolicyForm.response(view.state.key(name)?.rotation, of: name, context)
    }
}

/// A rotation policy in the protocol's form.
enum RotationPolicyForm {
    /// Of any of its durations, in years of 365 days: what lasts longer is a mistake, or means "for ever".
    private static let maximumYears: Int64 = 1000

    /// `nil` for the blank policy, which removes the key's.
    static func read(_ fields: Fields) throws(APIError) -> RotationRules? {
        let expiry = try duration(try fields.section("attributes"), "expiryTime")
        var trigger: RotationRules.Trigger?
        for action in try fields.sections("lifetimeActions") ?? [] {
            let type = try action.section("action")?.requiredString("type").lowercased()
            guard let type, let section = try action.section("trigger") else {
                throw .badParameter("Each of 'lifetimeActions' must have an 'action' with a 'type', and a 'trigger'.")
            }
            guard type != "notify" else {
                throw .badParameter(
                    "The parameter 'lifetimeActions': 'Notify' is not supported, since nobody would be notified.")
            }
            guard type == "rotate" else {
                throw .badParameter("The parameter 'lifetimeActions' has an action that isn't 'Rotate'.")
            }
            guard trigger == nil else {
                throw .badParameter("The parameter 'lifetimeActions' has more than one action of type 'Rotate'.")
            }
            trigger = try readTrigger(section)
        }
        guard expiry != nil || trigger != nil else { return nil }
        let rules = RotationRules(expiry: expiry, trigger: trigger)
        if let problem = rules.problem { throw .badParameter(message(problem)) }
        return rules
    }

    private static func readTrigger(_ fields: Fields) throws(APIError) -> RotationRules.Trigger {
        switch (try duration(fields, "timeAfterCreate"), try duration(fields, "timeBeforeExpiry")) {
        case (let after?, nil): return .afterCreation(after)
        case (nil, let before?): return .beforeExpiry(before)
        default:
            throw .badParameter(
                "The parameter '\(fields.path)' must have either 'timeAfterCreate' or 'timeBeforeExpiry'.")
        }
    }

    private static func duration(_ fields: Fields?, _ name: String) throws(APIError) -> CalendarDuration? {
        guard let fields, let text = try fields.string(name) else { return nil }
        guard let duration = CalendarDuration(text) else {
            throw .badParameter(
                "The parameter '\(fields.path)\(name)' must be a duration of ISO 8601, such as P90D or P1Y10D.")
        }
        guard duration.nominalSeconds <= maximumYears * 365 * 86_400 else {
            throw .badParameter("The parameter '\(fields.path)\(name)' must be at most \(maximumYears) years.")
        }
        return duration
    }

    private static func message(_ problem: RotationRules.Problem) -> String {
        switch problem {
        case .expiryTooShort: "The parameter 'attributes.expiryTime' must be at least 28 days."
        case .triggerTooEarly: "The parameter 'timeAfterCreate' must be at least 28 days."
        case .triggerNeedsExpiry: "The parameter 'timeBeforeExpiry' needs 'attributes.expiryTime'."
        case .triggerTooLongBeforeExpiry:
            "The parameter 'timeBeforeExpiry' must leave at least 28 days of 'attributes.expiryTime'."
        }
    }

    /// A key without a policy has an empty one.
    static func response(_ policy: RotationPolicy?, of name: String, _ context: RequestContext) -> APIResponse {
        let base = "\(context.host.baseURL)/keys/\(name)"
        return .object(audit: OperationDetails(keyIdentifier: base)) { writer in
            writer.member("id", base + "/rotationpolicy")
            writer.member("lifetimeActions") { writer in
                writer.array { writer in
                    if let trigger = policy?.rules.trigger { write(trigger, &writer) }
                }
            }
            writer.member("attributes") { writer in
                writer.object { writer in
                    if let expiry = policy?.rules.expiry { writer.member("expiryTime", expiry.text) }
                    if let policy {
                        writer.member("created", policy.created)
                        writer.member("updated", policy.updated)
                    }
                }
            }
        }
    }

    private static func write(_ trigger: RotationRules.Trigger, _ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("trigger") { writer in
                writer.object { writer in
                    switch trigger {
                    case .afterCreation(let duration): writer.member("timeAfterCreate", duration.text)
                    case .beforeExpiry(let duration): writer.member("timeBeforeExpiry", duration.text)
                    }
                }
            }
            writer.member("action") { $0.object { $0.member("type", "Rotate") } }
        }
    }
}
