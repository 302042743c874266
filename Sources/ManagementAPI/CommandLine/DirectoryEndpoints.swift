import AccessControl
import HTTPTransport
import Identity
import PoolState
import RequestPipeline
import StrictJSON

/// The part of a directory service that the Azure CLI asks when it shows or looks for the principals of role
/// assignments.
///
/// Whoever may read role assignments of the whole pool may look up everybody; others only themselves.
enum DirectoryEndpoints {
    /// As the cloud's directory has it.
    private static let maximumIdentifiers = 1000

    static let endpoints = [
        Endpoint(
            .post, "/graph/v1.0/directoryObjects/getByIds", operation: "DirectoryObjectsGet", access: .authenticated,
            audience: .directory, phase: .unsealed, isVersioned: false,
            handler: .inline { context throws(APIError) in
                let wanted = try identifiers(context)
                return try answer(context, found: wanted.compactMap { context.view.state.principal($0) }, asked: wanted)
            }),
        search("/graph/v1.0/servicePrincipals", "ServicePrincipalList") { $0.kind == .servicePrincipal },
        search("/graph/v1.0/users", "UserList") { $0.kind == .user },
        search("/graph/v1.0/groups", "GroupList") { $0.kind == .group },
    ]

    private static func search(
        _ path: String, _ operation: String, among: @escaping @Sendable (PrincipalRecord) -> Bool
    ) -> Endpoint {
        Endpoint(
            .get, path, operation: operation, access: .authenticated, audience: .directory, phase: .unsealed,
            isVersioned: false,
            handler: .inline { context throws(APIError) in
                guard let text = context.query["$filter"], let filter = DirectoryFilter(text) else {
                    throw .badParameter(
                        "The parameter '$filter' must compare one property with a text in single quotes: "
                            + "\(DirectoryFilter.forms).")
                }
                let found = context.view.state.principals.filter { among($0) && filter.matches($0) }
                return try answer(context, found: found, asked: filter.names(context.principal) ? [] : nil)
            })
    }

    /// - Parameter asked: whom the request names; `nil` where it could be anybody.
    private static func answer(
        _ context: RequestContext, found: [PrincipalRecord], asked: [GUID]?
    ) throws(APIError) -> APIResponse {
        let isOwn = asked?.allSatisfy { $0 == context.principal?.objectID } == true
        if !isOwn { try Authorization.require(.roleAssignmentsRead, .root, in: context) }
        return .object { writer in
            writer.member("value") { writer in
                writer.array { writer in for principal in found { write(principal, &writer) } }
            }
        }
    }

    private static func identifiers(_ context: RequestContext) throws(APIError) -> [GUID] {
        let limits = JSONReader.Limits(members: maximumIdentifiers)
        guard case .object(let body)? = try? JSONReader.parse(context.request.body, limits: limits),
            case .array(let elements)? = body["ids"]
        else { throw .badParameter("The parameter 'ids' must be an array of at most \(maximumIdentifiers) GUIDs.") }
        var identifiers: [GUID] = []
        for element in elements {
            guard case .string(let text) = element, let identifier = GUID(text) else {
                throw .badParameter("The parameter 'ids' has an element that isn't a GUID.")
            }
            identifiers.append(identifier)
        }
        return identifiers
    }

    private static func write(_ principal: PrincipalRecord, _ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("@odata.type", "#microsoft.graph.\(principal.kind)")
            writer.member("id", principal.objectID.description)
            writer.member("displayName", principal.displayName)
            guard let clientID = principal.clientID else { return }
            writer.member("appId", clientID.description)
            writer.member("servicePrincipalNames", array: [clientID.description])
            writer.member("accountEnabled", principal.enabled)
        }
    }
}

/// The comparisons that the Azure CLI filters a directory by.
struct DirectoryFilter: Hashable, Sendable {
    private enum Property: String, CaseIterable {
        case servicePrincipalNames = "servicePrincipalNames/any(c:c"
        case clientID = "appId"
        case displayName = "displayName"
        case userPrincipalName = "userPrincipalName"
    }

    static let forms = "servicePrincipalNames/any(c:c eq '…'), appId, displayName or userPrincipalName eq '…'"

    private let property: Property
    private let value: String

    /// `nil` for any other filter. A quote within the text is doubled, as OData has it.
    init?(_ text: String) {
        for property in Property.allCases {
            let head = property.rawValue + " eq '"
            let tail = property == .servicePrincipalNames ? "')" : "'"
            guard text.hasPrefix(head), text.hasSuffix(tail), text.utf8.count >= head.utf8.count + tail.utf8.count
            else { continue }
            let quoted = text.dropFirst(head.count).dropLast(tail.count)
            guard !quoted.replacing("''", with: "").contains("'") else { return nil }
            self.property = property
            self.value = String(quoted.replacing("''", with: "'"))
            return
        }
        return nil
    }

    func matches(_ principal: PrincipalRecord) -> Bool {
        switch property {
        case .servicePrincipalNames, .clientID: GUID(value) != nil && GUID(value) == principal.clientID
        case .displayName, .userPrincipalName: value == principal.displayName
        }
    }

    /// Whether it can find nobody but this caller.
    func names(_ caller: AuthenticatedPrincipal?) -> Bool {
        switch property {
        case .servicePrincipalNames, .clientID: GUID(value) != nil && GUID(value) == caller?.clientID
        case .displayName, .userPrincipalName: false
        }
    }
}
