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
            access: .dataAction(.keysCreate, .keyOrCollection(parameter: "name")), reads: .key(parameter: "name"),
            handler: .asynchronous(create))
    ]

    @Sendable
    private static func create(_ context: RequestContext) async throws(APIError) -> APIResponse {
        let name = try KeyLookup.newName(context)
        let fields = try context.fields()
        let request = try KeyRequest(fields, after: context.view.key(name)?.latest)
        if context.view.state.deletedKey(name) != nil { throw CommandRefusals.keyIsDeleted(name) }
        guard let pool = context.view.state.pool else { throw .internalFailure(RequestContext.noPool) }
        let template = request.template(poolID: pool.poolID, name: name, createdAt: context.now)
        let module = context.services.module
        let generated = try await context.compute { () throws(CryptoError) in
            try module.generateKey(template)
        }
        return try await add(
            NewKeyVersion(
                header: generated.header, publicKey: generated.publicKey, record: generated.record.bytes,
                origin: .generated,
                enabled: request.attributes.enabled ?? true, notBefore: request.attributes.notBefore,
                expires: request.attributes.expires, tags: request.tags,
                releasePolicy: request.export.policy?.stored), context)
    }

    /// Has the pool take a version, and answers with it.
    static func add(_ version: NewKeyVersion, _ context: RequestContext) async throws(APIError) -> APIResponse {
        let view = try await context.apply(.createKeyVersion(version))
        guard let made = view.state.key(version.header.name)?.version(version.header.version) else {
            throw .internalFailure("a key version that was applied isn't in the state")
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
        case ed25519

        var type: KeyType {
            switch self {
            case .rsa: .rsaHSM
            case .ec: .ecHSM
            case .oct: .octHSM
            case .ed25519: .okpHSM
            }
        }
    }

    let kind: Kind
    let operations: KeyOperations
    let attributes: AttributeFields
    let tags: [String: String]
    let export: ExportFields

    /// - Parameter latest: the version that the new one follows; `nil` for a new key.
    init(_ fields: Fields, after latest: KeyVersionRecord?) throws(APIError) {
        kind = try Self.kind(fields)
        attributes = try AttributeFields(fields)
        export = try ExportFields(fields, attributes, after: latest)
        operations =
            try KeyOperationFields.read(fields, for: kind.type, isExportable: export.isExportable)
            ?? KeyOperationFields.usual(kind.type)
        tags = try fields.tags() ?? [:]
    }

    /// What the module is asked to make. The version's id is chosen here, by the node that proposes.
    func template(poolID: [UInt8], name: String, createdAt: Int64) -> KeyTemplate {
        let material: KeyTemplate.Material =
            switch kind {
            case .rsa(let bits, let exponent): .rsa(bits: bits, publicExponent: exponent)
            case .ec(let curve): .ec(curve)
            case .oct(let bits): .oct(bits: bits)
            case .ed25519: .ed25519
            }
        return KeyTemplate(
            poolID: poolID, name: name, version: Random.bytes(16), material: material, operations: operations,
            createdAt: createdAt, export: export.terms)
    }

    private static func kind(_ fields: Fields) throws(APIError) -> Kind {
        guard let type = KeyType(kty: try fields.requiredString("kty")) else {
            throw .badParameter(
                "The parameter 'kty' must be RSA, RSA-HSM, EC, EC-HSM, oct, oct-HSM, OKP or OKP-HSM.")
        }
        switch type {
        case .rsaHSM:
            let bits = try fields.integer("key_size") ?? 2048
            guard [2048, 3072, 4096].contains(bits) else {
                throw .badParameter("The parameter 'key_size' must be 2048, 3072 or 4096 for an RSA key.")
            }
            return .rsa(bits: Int(bits), publicExponent: try publicExponent(fields))
        case .ecHSM:
            let text = try fields.string("crv") ?? "P-256"
            guard let curve = EllipticCurve(crv: text) else {
                throw .badParameter("The parameter 'crv' must be P-256, P-384, P-521 or P-256K.")
            }
            return .ec(curve)
        case .octHSM:
            let bits = try fields.integer("key_size") ?? 256
            guard [128, 192, 256].contains(bits) else {
                throw .badParameter("The parameter 'key_size' must be 128, 192 or 256 for a symmetric key.")
            }
            return .oct(bits: Int(bits))
        case .okpHSM:
            guard try fields.string("crv") ?? OKP.curve == OKP.curve else {
                throw .badParameter("The parameter 'crv' must be Ed25519 for a key of type OKP.")
            }
            return .ed25519
        }
    }

    private static func publicExponent(_ fields: Fields) throws(APIError) -> [UInt8] {
        // Clients whose member is a plain number send 0 where nobody chose an exponent.
        guard let number = try fields.integer("public_exponent"), number != 0 else { return [1, 0, 1] }
        guard number >= 65537, !number.isMultiple(of: 2) else {
            throw .badParameter("The parameter 'public_exponent' must be odd and at least 65537.")
        }
        let bytes = (0..<8).reversed().map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
        return Array(bytes.drop { $0 == 0 })
    }
}

/// The type of key that the protocol lacks: Ed25519 (RFC 8037).
enum OKP {
    /// `crv`, the only one.
    static let curve = "Ed25519"
}

extension KeyType {
    /// `kty` of a request. A key is always one of the module: the protocol's names for software keys mean the same.
    init?(kty: String) {
        guard let type = Self.allCases.first(where: { $0.jsonName == kty || $0.jsonName == kty + "-HSM" }) else {
            return nil
        }
        self = type
    }
}

extension EllipticCurve {
    /// `crv` of a request. `az keyvault key import` still gives secp256k1 the name that the protocol had for it at
    /// first.
    init?(crv: String) {
        self.init(jsonName: crv == "SECP256K1" ? Self.p256K.jsonName : crv)
    }
}

/// The member `key_ops`.
enum KeyOperationFields {
    /// What a type of key can do, and does unless a request says otherwise.
    static func usual(_ type: KeyType) -> KeyOperations {
        switch type {
        case .rsaHSM, .octHSM: [.sign, .verify, .encrypt, .decrypt, .wrapKey, .unwrapKey]
        case .ecHSM, .okpHSM: [.sign, .verify]
        }
    }

    /// `nil` where the request has no such member.
    static func read(
        _ fields: Fields, for type: KeyType, isExportable: Bool
    ) throws(APIError) -> KeyOperations? {
        guard let names = try fields.strings("key_ops") else { return nil }
        return try read(names, for: type, isExportable: isExportable)
    }

    static func read(
        _ names: [String], for type: KeyType, isExportable: Bool
    ) throws(APIError) -> KeyOperations {
        var operations: KeyOperations = []
        for name in names where !isWithoutEffect(name, type) {
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
        guard isExportable || !operations.contains(.export) else {
            throw .badParameter("The parameter 'key_ops': 'export' is for exportable keys.")
        }
        guard usual(type).union(.export).isSuperset(of: operations) else {
            throw .badParameter("The parameter 'key_ops' holds an operation that this type of key can't do.")
        }
        return operations
    }

    /// The cloud service names `deriveKey` among the operations of its symmetric keys, and whoever copies a key's
    /// attributes sends it along. There is no such operation here: it is neither kept nor answered.
    private static func isWithoutEffect(_ name: String, _ type: KeyType) -> Bool {
        type == .octHSM && name == "deriveKey"
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
