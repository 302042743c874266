import Audit
import Foundation
import StrictJSON
import Testing

@testable import hsmctl

/// Nodes as they say themselves that they are, and logs as the pool knows them.
@Suite struct PoolKnowledgeTests {
    private static let chain = String(repeating: "ab", count: 32)

    private static let status = JSONObject.make { writer in
        writer.member("pool", "p")
        writer.member("members") { writer in
            writer.array { writer in
                for id in 1...3 {
                    writer.object { writer in
                        writer.member("id", id)
                        writer.member("name", "n\(id)")
                        writer.member("endpoint", "https://n\(id)")
                        // What a peer knows of a silent one is old.
                        writer.member("role", "follower")
                        writer.member("seal", "unsealed")
                        writer.member("version", "0.1.0")
                    }
                }
            }
        }
        writer.member("auditHeads") { writer in
            writer.array { writer in
                writer.object { writer in
                    writer.member("node", 2)
                    writer.member("sequence", 7)
                    writer.member("head", chain)
                    writer.member("time", 1_801_396_801_000)
                }
            }
        }
    }

    private static func health(_ name: String) -> Result<JSONObject, any Error> {
        .success(
            .make { writer in
                writer.member("node", name)
                writer.member("role", "leader")
                writer.member("seal", "sealed")
            })
    }

    @Test func whoWaitsIsNamedWithoutItsCode() {
        let health = JSONObject.make { writer in
            writer.member("node", "n2")
            writer.member("seal", "sealed")
            writer.member("waitsBecause", "it was away")
            writer.member("unsealCode", "40718235")
        }
        let found = PoolStatus(
            status: nil, asked: [("https://n2", .success(health)), ("https://n1", Self.health("n1"))])
        #expect(found.waiting.count == 1)
        #expect(found.waiting[0].contains("n2 isn't unsealed by its peers: it was away. Approve it"))
        #expect(!found.waiting[0].contains("40718235"))
    }

    @Test func aFullDiskIsShown() {
        let health = JSONObject.make { writer in
            writer.member("node", "n2")
            writer.member("role", "follower")
            writer.member("seal", "unsealed")
            writer.member("disk", "full")
        }
        let found = PoolStatus(
            status: nil, asked: [("https://n2", .success(health)), ("https://n1", Self.health("n1"))])
        #expect(found.table.lines.filter { $0.contains("(disk full)") }.count == 1)
    }

    private static let down = Result<JSONObject, any Error>.failure(
        NodeFailure(endpoint: "https://n3", cause: .unreachable("connection refused")))

    @Test func aSilentNodeIsUnreachableWhateverItsPeersRemember() {
        let found = PoolStatus(
            status: Self.status,
            asked: [("https://n1", Self.health("n1")), ("https://n2", Self.health("n2")), ("https://n3", Self.down)])
        #expect(found.answering == 2 && found.nodes.map(\.name) == ["n1", "n2", "n3"])
        let line = found.table.lines.last ?? ""
        #expect(line.contains("n3") && line.contains("unreachable") && !line.contains("unsealed"))
        let member = found.json.objects("members").last
        #expect(member?.flag("reachable") == false && member?.text("role") == "unreachable")
        #expect(member?.text("seal") == nil, "what a peer remembers was shown as if it were so")
        #expect(member?.text("failure") == "connection refused" && found.json.text("pool") == "p")
        #expect(found.json.objects("members").first?.text("seal") == "sealed")
    }

    @Test func aNodeBehindAnotherAddressIsShownOnce() {
        let found = PoolStatus(
            status: Self.status,
            asked: [("https://balancer", Self.health("n2")), ("https://n2", Self.health("n2"))])
        #expect(found.nodes.count == 3 && found.answering == 1)
        let blind = PoolStatus(status: nil, asked: [("https://n3", Self.down), ("https://n1", Self.health("n1"))])
        #expect(blind.nodes.count == 2 && blind.nodes[0].failure == "connection refused")
    }

    @Test func aLogIsComparedWithItsOwnNodesHeadOnly() {
        let (anchor, comparison) = AuditCheck.find("n2", "p", .asked(Self.status))
        #expect(anchor == AuditHead(count: 7, chain: [UInt8](repeating: 0xAB, count: 32)))
        #expect(comparison == .compared(lines: 7, time: "2027-01-31T12:00:01Z"))
        let none: [(String?, String?, AuditCheck.Pool)] = [
            ("n1", "p", .asked(Self.status)), ("n9", "p", .asked(Self.status)), (nil, "p", .asked(Self.status)),
            ("n2", "other", .asked(Self.status)), ("n2", "p", .notAsked("offline")),
        ]
        for (node, pool, knowledge) in none {
            let (anchor, comparison) = AuditCheck.find(node, pool, knowledge)
            guard anchor == nil, case .notCompared(let reason) = comparison else {
                Issue.record("\(node ?? "-") was compared")
                continue
            }
            #expect(!reason.isEmpty)
        }
    }

    /// A log from behind the line that the pool knows of it may be any.
    @Test func aLogFromBehindWhatThePoolKnowsIsNotTakenForCompared() async throws {
        let folder = NSTemporaryDirectory() + "hsmctl-" + GUIDText.random()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let log = try AuditLog(
            folder: folder, origin: AuditOrigin(node: "n2", pool: "p"), options: AuditLogOptions(fileBytes: 4096))
        let event = AuditEvent(
            time: 0, operationName: "KeySign", status: 200, requestURI: String(repeating: "k", count: 600))
        for _ in 0..<30 { log.append(event) { _ in } }
        log.close()
        try FileManager.default.removeItem(atPath: folder + "/audit-00000001.jsonl")
        try FileManager.default.removeItem(atPath: folder + "/audit-00000002.jsonl")
        let check = try await AuditCheck.run(folder: folder, node: nil, pool: .asked(Self.status))
        #expect(check.report.isIntact && check.report.firstSequence > 8)
        #expect(!check.isIntact && check.problem?.exitCode == 1)
        #expect(check.problem?.message.contains("moved away") == true)
        guard case .notCompared = check.comparison else {
            Issue.record("it was compared")
            return
        }
    }

    /// What is found wrong without the pool's knowledge isn't compared with it any more.
    @Test func aBrokenLogIsNotTakenForCompared() async throws {
        let folder = NSTemporaryDirectory() + "hsmctl-" + GUIDText.random()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let log = try AuditLog(folder: folder, origin: AuditOrigin(node: "n2", pool: "p"))
        for _ in 0..<10 { log.append(AuditEvent(time: 0, operationName: "KeySign", status: 200)) { _ in } }
        log.close()
        let file = folder + "/audit-00000001.jsonl"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        try Data(text.replacing("KeySign", with: "KeyWrap", maxReplacements: 1).utf8).write(
            to: URL(fileURLWithPath: file))
        let check = try await AuditCheck.run(folder: folder, node: nil, pool: .asked(Self.status))
        #expect(check.report.node == "n2" && check.report.firstBreak?.kind == .wrongChain)
        #expect(check.problem?.exitCode == 1)
        #expect(check.json.number("comparedWithPool") == nil && check.json.text("notComparedBecause") != nil)
    }

    @Test func nothingReadIsNothingVerified() {
        let empty = AuditCheck(
            folder: "f", report: AuditReport(), comparison: .notCompared("offline"))
        #expect(!empty.isIntact && empty.problem?.exitCode == 74)
        var report = AuditReport()
        report.files = 1
        #expect(AuditCheck(folder: "f", report: report, comparison: .notCompared("x")).isIntact)
        report.firstBreak = AuditBreak(file: "audit-00000001.jsonl", line: 3, kind: .wrongChain)
        let broken = AuditCheck(folder: "f", report: report, comparison: .notCompared("x"))
        #expect(broken.problem?.exitCode == 1 && broken.problem?.message.contains("line 3") == true)
        #expect(broken.json.flag("intact") == false)
    }
}
