import AccessControl
import HTTPTransport
import Identity
import PoolState
import RequestPipeline
import StrictJSON

/// What the Azure CLI reads of a resource manager when it logs in and looks for the pool: one tenant, one subscription
/// that stands for the pool, and in it the pool as its only resource.
///
/// Every principal of the pool may read it; nothing can be changed here, and a token for it is good for nothing else.
/// A sealed node answers what a log-in asks for to those who may bring the pool back.
enum SubscriptionEndpoints {
    private static let hsms = "/providers/Microsoft.KeyVault/managedHSMs"
    private static let resourceType = "Microsoft.KeyVault/managedHSMs"

    static let endpoints = [
        reading("/tenants", "TenantList", phase: .any) { page([$0], write: writeTenant) },
        reading("/subscriptions", "SubscriptionList", phase: .any) { page([$0], write: writeSubscription) },
        reading("/subscriptions/{subscription}", "SubscriptionGet") { context in
            .object { writeSubscription(context, &$0) }
        },
        reading("/subscriptions/{subscription}/resources", "ResourceList") { context in
            // Clients look for vaults here, of which there are none; the pool itself they look for by its type.
            let isAsked = context.query["$filter"]?.lowercased().contains("microsoft.keyvault/vaults") != true
            return page(isAsked ? [context] : [], write: writePool)
        },
        reading("/subscriptions/{subscription}" + hsms, "PoolResourceList") { page([$0], write: writePool) },
        reading("/subscriptions/{subscription}/resourceGroups/{group}" + hsms, "PoolResourceListOfGroup") { context in
            page([context], write: writePool)
        },
        reading(
            "/subscriptions/{subscription}/resourceGroups/{group}" + hsms + "/{pool}", "PoolResourceGet"
        ) { context throws(APIError) in
            guard context.parameters["pool"]?.lowercased() == ClientAddress(host: context.host).name else {
                throw .notFound("ResourceNotFound", "There is no other pool than the one that the host names.")
            }
            return .object { writePool(context, &$0) }
        },
    ]

    private static func reading(
        _ path: String, _ operation: String, phase: RequiredPhase = .unsealed,
        _ body: @escaping @Sendable (RequestContext) throws(APIError) -> APIResponse
    ) -> Endpoint {
        Endpoint(
            .get, path, operation: operation, access: .authenticated, audience: .resourceManager, phase: phase,
            isVersioned: false,
            handler: .inline { context throws(APIError) in
                try checkNames(context)
                return try body(context)
            })
    }

    /// What the path names must be what there is.
    private static func checkNames(_ context: RequestContext) throws(APIError) {
        if let name = context.parameters["subscription"], GUID(name) == nil || GUID(name) != subscription(context) {
            throw .notFound(
                "SubscriptionNotFound", "The pool's subscription has another id. 'az account list' shows it.")
        }
        if let name = context.parameters["group"], name.lowercased() != group(context).lowercased() {
            throw .notFound("ResourceGroupNotFound", "The only resource group is '\(group(context))'.")
        }
    }

    /// The subscription has the pool's own id.
    private static func subscription(_ context: RequestContext) -> GUID? {
        (context.view.state.pool?.poolID ?? context.services.custody.recovery?.poolID).flatMap { GUID(bytes: $0) }
    }

    private static func subscriptionPath(_ context: RequestContext) -> String {
        "/subscriptions/\(subscription(context)?.description ?? "")"
    }

    private static func group(_ context: RequestContext) -> String { context.services.identity.poolName }

    private static func tenant(_ context: RequestContext) -> String {
        (context.view.state.pool?.tenantID ?? context.services.custody.recovery?.tenantID)?.description ?? ""
    }

    private static func page(
        _ elements: [RequestContext], write: (RequestContext, inout JSONWriter) -> Void
    ) -> APIResponse {
        .object { writer in
            writer.member("value") { writer in
                writer.array { writer in
                    for element in elements { writer.object { write(element, &$0) } }
                }
            }
        }
    }

    // MARK: What there is

    private static func writeTenant(_ context: RequestContext, _ writer: inout JSONWriter) {
        writer.member("id", "/tenants/" + tenant(context))
        writer.member("tenantId", tenant(context))
        writer.member("displayName", context.services.identity.poolName)
        writer.member("tenantCategory", "Home")
    }

    private static func writeSubscription(_ context: RequestContext, _ writer: inout JSONWriter) {
        writer.member("id", subscriptionPath(context))
        writer.member("subscriptionId", subscription(context)?.description ?? "")
        writer.member("tenantId", tenant(context))
        writer.member("displayName", context.services.identity.poolName)
        writer.member("state", "Enabled")
        writer.member("authorizationSource", "RoleBased")
    }

    private static func writePool(_ context: RequestContext, _ writer: inout JSONWriter) {
        let name = ClientAddress(host: context.host).name
        let settings = context.view.state.pool?.settings
        writer.member("id", "\(subscriptionPath(context))/resourceGroups/\(group(context))\(hsms)/\(name)")
        writer.member("name", name)
        writer.member("type", resourceType)
        writer.member("location", context.services.identity.region)
        writer.member("tags") { $0.object { _ in } }
        writer.member("properties") { writer in
            writer.object { writer in
                writer.member("tenantId", tenant(context))
                writer.member("hsmUri", context.host.baseURL)
                writer.member("enableSoftDelete", true)
                writer.member("softDeleteRetentionInDays", settings?.recoverableDays ?? 0)
                writer.member("enablePurgeProtection", settings?.purgeProtection ?? false)
                writer.member("provisioningState", "Succeeded")
                writer.member("statusMessage", "The pool is \(context.view.state.phase).")
            }
        }
    }
}
