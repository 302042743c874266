import HTTPTransport
import Identity
import RequestPipeline
import StrictJSON

/// The description of a cloud that `az cloud register` reads: where tokens, subscriptions, directory and keys are, all
/// of them under the host that was asked.
///
/// It says nothing that a caller doesn't know already, so anybody may read it, from sealed nodes too.
enum CloudMetadata {
    static let endpoints = [
        TokenEndpoints.anonymous(.get, "/metadata/endpoints", "CloudMetadataGet") { context in
            var writer = JSONWriter(capacity: 1024)
            write(context, &writer)
            return APIResponse(body: writer.bytes)
        },
        // The same as a list, for ARM_CLOUD_METADATA_URL: then nothing has to be registered.
        TokenEndpoints.anonymous(.get, "/metadata/endpoints/list", "CloudMetadataList") { context in
            var writer = JSONWriter(capacity: 1024)
            writer.array { write(context, &$0) }
            return APIResponse(body: writer.bytes)
        },
    ]

    private static func write(_ context: RequestContext, _ writer: inout JSONWriter) {
        let host = context.host
        let address = ClientAddress(host: host)
        writer.object { writer in
            writer.member("name", context.services.identity.poolName)
            writer.member("authentication") { writer in
                writer.object { writer in
                    // With this ending clients look for the authority nowhere else.
                    writer.member("loginEndpoint", host.baseURL + "/adfs")
                    writer.member("audiences", array: [host.facing(.resourceManager).audience])
                    writer.member("tenant", "adfs")
                    writer.member("identityProvider", "ADFS")
                }
            }
            writer.member("resourceManager", host.baseURL)
            writer.member("microsoftGraphResourceId", host.facing(.directory).audience + "/")
            writer.member("suffixes") { writer in
                writer.object { writer in
                    writer.member("mhsmDns", address.suffix)
                    // There are no vaults and no storage here, but without these suffixes clients refuse to begin.
                    writer.member("keyVaultDns", ".vault." + address.domain)
                    writer.member("storage", address.domain)
                }
            }
        }
    }
}
