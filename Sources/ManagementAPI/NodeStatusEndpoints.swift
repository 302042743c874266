import CryptographicModule
import HTTPTransport
import PoolState
import RequestPipeline
import SecurityDomain
import StrictJSON

/// Health for anybody, status for principals.
enum NodeStatusEndpoints {
    static func endpoints(node: any NodeControl) -> [Endpoint] {
        [
            health(.get, of: node),
            // Load balancers ask so; the transport leaves the body away.
            health(.head, of: node),
            Endpoint(
                .get, "/quorate/v1/status", operation: "PoolStatusGet", access: .authenticated, phase: .unsealed,
                isVersioned: false,
                handler: .asynchronous { context throws(APIError) in
                    let members = await node.members()
                    guard let keyring = context.services.custody.unsealed?.keyring else { throw .sealed }
                    return .object { writer in
                        writer.member("pool", context.services.identity.poolName)
                        // What readers of attestations pin.
                        writer.member(
                            "identityKeySha256", Hexadecimal.encode(Digest.sha256(keyring.identity.identityKey)))
                        writer.member("answeredBy", context.services.identity.nodeName)
                        writer.member("version", context.services.identity.version)
                        writer.member("phase", "\(context.view.state.phase)")
                        writer.member("poolVersion", UInt64(context.view.state.version.rawValue))
                        writer.member("appliedIndex", context.view.appliedIndex)
                        writer.member("keys", context.view.state.keyCount)
                        let unprotected = context.view.state.developmentKeys
                        if !unprotected.isEmpty { writer.member("developmentKeys", array: unprotected) }
                        if let plan = context.view.state.backupPlan {
                            let now = context.receivedAt / 1000
                            writer.member("newestBackup") { writer in
                                if let newest = plan.newestGood { writer.integer(newest) } else { writer.null() }
                            }
                            writer.member("backupIsOverdue", plan.isOverdue(at: now))
                        }
                        writer.member("members") { $0.array { writer in for one in members { write(one, &writer) } } }
                        writer.member("auditHeads") { writer in
                            writer.array { writer in
                                for head in context.view.state.auditHeads { write(head, &writer) }
                            }
                        }
                    }
                }),
        ]
    }

    private static func health(_ method: HTTPMethod, of node: any NodeControl) -> Endpoint {
        Endpoint(
            method, "/quorate/v1/health", operation: "HealthGet", access: .anonymous, phase: .any, isVersioned: false,
            handler: .inline { _ throws(APIError) in
                let health = node.health()
                return .object { write(health, &$0) }
            })
    }

    private static func write(_ health: NodeHealth, _ writer: inout JSONWriter) {
        writer.member("node", health.node)
        writer.member("role", health.role)
        writer.member("seal", health.isSealed ? "sealed" : "unsealed")
        writer.member("phase", health.phase)
        writer.member("term", health.term)
        if let leader = health.leader { writer.member("leader", leader) }
        writer.member("commitIndex", health.commitIndex)
        writer.member("appliedIndex", health.appliedIndex)
        writer.member("lastIndex", health.lastIndex)
        writer.member("lastTerm", health.lastTerm)
        writer.member("epoch", health.epoch)
        writer.member("lease", health.holdsLease)
        writer.member("disk", health.isDiskFull ? "full" : "writable")
        if let waiting = health.waiting {
            writer.member("waitsBecause", waiting.reason)
            if let code = waiting.code { writer.member("unsealCode", code) }
        }
    }

    private static func write(_ member: MemberHealth, _ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", member.node)
            writer.member("name", member.name)
            writer.member("endpoint", member.endpoint)
            writer.member("role", member.role)
            writer.member("seal", member.isSealed.map { $0 ? "sealed" : "unsealed" } ?? "unknown")
            writer.member("appliedIndex", member.appliedIndex)
            if let version = member.version { writer.member("version", version) }
            if let known = member.knownVersion { writer.member("knowsPoolVersion", UInt64(known.rawValue)) }
            if let silence = member.silentForMilliseconds { writer.member("silentForMilliseconds", silence) }
        }
    }

    /// What the member last told the pool about its audit log: how many events, and the hash over them.
    private static func write(_ head: AuditHead, _ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("node", head.node)
            writer.member("sequence", head.count)
            writer.member("head", Hexadecimal.encode(head.hash))
            writer.member("time", head.time)
        }
    }
}
