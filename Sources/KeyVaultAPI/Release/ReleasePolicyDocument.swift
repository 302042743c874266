import CryptographicModule
import StrictJSON

/// A key release policy: who has to say what about an environment before a key goes there.
///
/// `{"version":"1.0.0","anyOf":[authority…]}`; an authority is `{"authority":URL,"allOf":[condition…]}`, or with
/// `anyOf`; a condition is `{"claim":"a.b.c","equals":value}` or again `allOf` or `anyOf`. Anything else is refused
/// when the policy is set, so that no policy means less than its author thought.
struct ReleasePolicyDocument: Hashable, Sendable {
    indirect enum Condition: Hashable, Sendable {
        case all([Condition])
        case any([Condition])
        /// The claim at this path, compared as text.
        case claim(path: [String], equals: String)
    }

    struct Authority: Hashable, Sendable {
        /// The issuer, without slashes at its end.
        let issuer: String
        let condition: Condition
    }

    let authorities: [Authority]
    /// The policy written compactly, its members in the order in which they were given: what is stored, sealed and
    /// given back.
    let canonical: [UInt8]

    static let version = "1.0.0"
    /// Of a condition: the authority is the first level, what stands in its list the second.
    private static let maximumDepth = 8
    /// Each level takes an object and an array. More than the levels need, so that one too many is told as such.
    private static let limits = JSONReader.Limits(depth: 4 * maximumDepth)

    /// - Throws: ``Refusal`` with what is wrong and where.
    init(parsing bytes: [UInt8]) throws(Refusal) {
        let document: JSONValue
        do throws(JSONReader.Failure) {
            document = try JSONReader.parse(bytes, limits: Self.limits)
        } catch {
            throw Refusal("it isn't valid JSON: \(error.reason) at byte \(error.offset)")
        }
        guard case .object(let policy) = document else { throw Refusal("it isn't a JSON object") }
        try Self.allow(["version", "anyOf"], in: policy, "the policy")
        guard case .string(Self.version)? = policy["version"] else {
            throw Refusal("its 'version' isn't \"\(Self.version)\"")
        }
        var authorities: [Authority] = []
        for element in try Self.elements(policy["anyOf"], "anyOf") { authorities.append(try Self.authority(element)) }
        self.authorities = authorities
        var writer = JSONWriter(capacity: bytes.count)
        writer.value(document)
        canonical = writer.bytes
    }

    /// Whether claims of this issuer fulfil the policy. A claim that is missing fulfils nothing.
    func isFulfilled(issuer: String, claims: JSONObject) -> Bool {
        let issuer = Self.normalized(issuer)
        return authorities.contains { $0.issuer == issuer && Self.holds($0.condition, claims) }
    }

    /// An issuer's address without the slashes at its end, which are written as often as they are left out.
    static func normalized(_ issuer: String) -> String {
        var issuer = Substring(issuer)
        while issuer.utf8.last == UInt8(ascii: "/") { issuer = issuer.dropLast() }
        return String(issuer)
    }

    /// Why a policy was refused, for the sentence "the policy can't be used: …".
    struct Refusal: Error, Hashable {
        let reason: String

        init(_ reason: String) { self.reason = reason }
    }
}

// MARK: - Grammar

extension ReleasePolicyDocument {
    private static func authority(_ value: JSONValue) throws(Refusal) -> Authority {
        guard case .object(let object) = value, case .string(let issuer)? = object["authority"] else {
            throw Refusal("an element of its 'anyOf' has no 'authority' that is a string")
        }
        let normalized = normalized(issuer)
        guard normalized.hasPrefix("https://"), normalized.utf8.count > 8, issuer.utf8.count <= 512 else {
            throw Refusal("an 'authority' isn't an https address")
        }
        try allow(["authority", "allOf", "anyOf"], in: object, "an authority")
        return Authority(issuer: normalized, condition: try group(object, depth: 1))
    }

    private static func condition(_ value: JSONValue, depth: Int) throws(Refusal) -> Condition {
        guard depth <= maximumDepth else { throw Refusal("its conditions are nested deeper than \(maximumDepth)") }
        guard case .object(let object) = value else { throw Refusal("a condition isn't an object") }
        guard object["claim"] != nil else {
            try allow(["allOf", "anyOf"], in: object, "a condition")
            return try group(object, depth: depth)
        }
        try allow(["claim", "equals"], in: object, "a claim condition, whose only operator is 'equals',")
        guard case .string(let claim)? = object["claim"], let wanted = object["equals"].flatMap(text) else {
            throw Refusal(
                "a claim condition needs 'claim' (a string) and 'equals' (a string, a number, true or false; a number "
                    + "of 2^53 or more is written as an integer of 64 bits, or as a string)")
        }
        let path = claim.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard path.allSatisfy({ !$0.isEmpty }) else { throw Refusal("a 'claim' is empty between its dots") }
        return .claim(path: path, equals: wanted)
    }

    private static func group(_ object: JSONObject, depth: Int) throws(Refusal) -> Condition {
        let isAll = object["allOf"] != nil
        guard isAll != (object["anyOf"] != nil) else {
            throw Refusal("an authority or a condition needs 'allOf' or 'anyOf', and not both")
        }
        var conditions: [Condition] = []
        for element in try elements(object[isAll ? "allOf" : "anyOf"], isAll ? "allOf" : "anyOf") {
            conditions.append(try condition(element, depth: depth + 1))
        }
        return isAll ? .all(conditions) : .any(conditions)
    }

    private static func elements(_ value: JSONValue?, _ name: String) throws(Refusal) -> [JSONValue] {
        guard case .array(let elements)? = value, !elements.isEmpty else {
            throw Refusal("'\(name)' isn't an array of one element or more")
        }
        return elements
    }

    private static func allow(_ names: Set<String>, in object: JSONObject, _ what: String) throws(Refusal) {
        guard object.members.allSatisfy({ names.contains($0.name) }) else {
            throw Refusal("\(what) may have only the members \(names.sorted().joined(separator: ", "))")
        }
    }
}

// MARK: - Evaluation

extension ReleasePolicyDocument {
    private static func holds(_ condition: Condition, _ claims: JSONObject) -> Bool {
        switch condition {
        case .all(let conditions): conditions.allSatisfy { holds($0, claims) }
        case .any(let conditions): conditions.contains { holds($0, claims) }
        case .claim(let path, let wanted): value(at: path[...], in: .object(claims)).flatMap(text) == wanted
        }
    }

    private static func value(at path: ArraySlice<String>, in value: JSONValue) -> JSONValue? {
        guard let name = path.first else { return value }
        guard case .object(let object) = value, let inner = object[name] else { return nil }
        return self.value(at: path.dropFirst(), in: inner)
    }

    /// Scalars as text: a policy that says "true" means the claim `true` too. None for a number that may stand for
    /// another one: a policy must not take two numbers for the same.
    private static func text(_ value: JSONValue) -> String? {
        switch value {
        case .string(let text): text
        case .bool(let flag): flag ? "true" : "false"
        case .integer(let number): String(number)
        case .double(let number): number.magnitude < 0x1p53 ? number.description : nil
        case .null, .array, .object: nil
        }
    }
}
