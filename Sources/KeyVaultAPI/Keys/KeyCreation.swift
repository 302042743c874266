import AccessControl
import CryptographicModule
import HTTPTransport
import PoolState
import RequestPipeline
import StrictJSON

/// `POST /keys/{name}/create`: a new key, or a new version of one.
enum KeyCreation {
    static let endpoints = [
        Endpoint(
            .post, "/keys/{name}/create", operation: "KeyCreate",
            access: .dataAction(.keysCreate, .keyOrCollection(parameter: "name")),
            handler: .asynchronous(create))
    ]

    @Sendable
    private static func create(_ context: RequestContext) async throws(APIError) -> APIResponse {
        let name = try KeyLookup.newName(context)
        let fields = try context.fields()
        let request = try KeyRequest(fields)
        if context.view.state.deletedKey(name) != nil { throw CommandRefusals.keyIsDeleted(name) }
        guard let pool = context.view.state.pool else { throw .internalFailure }
        let template = request.template(poolID: pool.poolID, name: name, createdAt: context.now)
        let module = context.services.module
        let generated = try await context.services.computation.run { () throws(CryptoError) in
            try module.generateKey(template)
        }
        return try await add(
            NewKeyVersion(
                header: generated.header, publicKey: generated.publicKey, record: generated.record.bytes,
                origin: .generated,
                enabled: request.attributes.enabled ?? true, notBefore: request.attributes.notBefore,
                expires: request.attributes.expires, tags: request.tags), context)
    }

    /// Has the pool take a version, and answers with it.
    static func add(_ version: NewKeyVersion, _ context: RequestContext) async throws(APIError) -> APIResponse {
        let view = try await context.apply(.createKeyVersion(version))
        guard let made = view.state.key(version.header.name)?.version(version.header.version) else {
            throw .internalFailure
        }
        return KeyBundle(context: context.with(view: view)).response(made)
    }
}

/// What a create request asks for, checked.
struct KeyRequest {
    enum Kind {
        case rsa(bits: Int, publicExponent: [UInt8])
        case ec(EllipticCurve)
        case oct(bits: Int)

        var type: KeyType {
            switch self {
            case .rsa: .rsaHSM
            case .ec: .ecHSM
            case .oct: .octHSM
            }
        }
    }

    let kind: Kind
    let operations: KeyOperations
    let attributes: AttributeFields
    let tags: [String: String]

    init(_ fields: Fields) throws(APIError) {
        kind = try Self.kind(fields)
        operations = try KeyOperationFields.read(fields, for: kind.type) ?? KeyOperationFields.permitted(kind.type)
        attributes = try AttributeFields(fields)
        tags = try fields.tags() ?? [:]
        guard attributes.exportable != true, fields.object["release_policy"] == nil else {
            throw .badParameter(
                "The parameter 'attributes.exportable': exportable keys are not supported by this service.")
        }
    }

    /// What the module is asked to make. The version's id is chosen here, by the node that proposes.
    func template(poolID: [UInt8], name: String, createdAt: Int64) -> KeyTemplate {
        let material: KeyTemplate.Material =
            switch kind {
            case .rsa(let bits, let exponent): .rsa(bits: bits, publicExponent: exponent)
            case .ec(let curve): .ec(curve)
            case .oct(let bits): .oct(bits: bits)
            }
        return KeyTemplate(
            poolID: poolID, name: name, version: Random.bytes(16), material: material, operations: operations,
            createdAt: createdAt)
    }

    private static func kind(_ fields: Fields) throws(APIError) -> Kind {
        let type = try fields.requiredString("kty")
        switch type {
        case "RSA", "RSA-HSM":
            let bits = try fields.integer("key_size") ?? 2048
            guard [2048, 3072, 4096].contains(bits) else {
                throw .badParameter("The parameter 'key_size' must be 2048, 3072 or 4096 for an RSA key.")
            }
            return .rsa(bits: Int(bits), publicExponent: try publicExponent(fields))
        case "EC", "EC-HSM":
            let text = try fields.string("crv") ?? "P-256"
            guard let curve = EllipticCurve(jsonName: text) else {
                throw .badParameter("The parameter 'crv' must be P-256, P-384, P-521 or P-256K.")
            }
            return .ec(curve)
        case "oct", "oct-HSM":
            let bits = try fields.integer("key_size") ?? 256
            guard [128, 192, 256].contains(bits) else {
                throw .badParameter("The parameter 'key_size' must be 128, 192 or 256 for a symmetric key.")
            }
            return .oct(bits: Int(bits))
        default:
            throw .badParameter("The parameter 'kty' must be RSA, RSA-HSM, EC, EC-HSM, oct or oct-HSM.")
        }
    }

    private static func publicExponent(_ fields: Fields) throws(APIError) -> [UInt8] {
        guard let number = try fields.integer("public_exponent") else { return [1, 0, 1] }
        guard number >= 65537, !number.isMultiple(of: 2) else {
            throw .badParameter("The parameter 'public_exponent' must be odd and at least 65537.")
        }
        let bytes = (0..<8).reversed().map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
        return Array(bytes.drop { $0 == 0 })
    }
}

/// The member `key_ops`.
enum KeyOperationFields {
    /// What a type of key can do.
    static func permitted(_ type: KeyType) -> KeyOperations {
        switch type {
        case .rsaHSM, .octHSM: [.sign, .verify, .encrypt, .decrypt, .wrapKey, .unwrapKey]
        case .ecHSM: [.sign, .verify]
        }
    }

    /// `nil` where the request has no such member.
    static func read(_ fields: Fields, for type: KeyType) throws(APIError) -> KeyOperations? {
        guard let names = try fields.strings("key_ops") else { return nil }
        return try read(names, for: type)
    }

    static func read(_ names: [String], for type: KeyType) throws(APIError) -> KeyOperations {
        var operations: KeyOperations = []
        for name in names {
            guard let operation = KeyOperations(jsonName: name) else {
                throw .badParameter("The parameter 'key_ops' holds a value that isn't a key operation.")
            }
            operations.formUnion(operation)
        }
        if operations.contains(.import) {
            guard operations == .import, type == .rsaHSM else {
                throw .badParameter("The parameter 'key_ops': 'import' is for RSA keys and must be the only operation.")
            }
            return operations
        }
        guard permitted(type).isSuperset(of: operations) else {
            throw .badParameter("The parameter 'key_ops' holds an operation that this type of key can't do.")
        }
        return operations
    }
}

/// The writable members of `attributes`.
struct AttributeFields {
    let enabled: Bool?
    let notBefore: Int64?
    let expires: Int64?
    let exportable: Bool?

    init(_ fields: Fields) throws(APIError) {
        let section = try fields.section("attributes")
        enabled = try section?.bool("enabled")
        notBefore = try section?.time("nbf")
        expires = try section?.time("exp")
        exportable = try section?.bool("exportable")
        try Self.requireOrder(notBefore: notBefore, expires: expires)
    }

    /// A version that is never valid is a mistake.
    static func requireOrder(notBefore: Int64?, expires: Int64?) throws(APIError) {
        if let notBefore, let expires, notBefore >= expires {
            throw .badParameter("The parameter 'attributes.exp' must be later than 'attributes.nbf'.")
        }
    }
}
