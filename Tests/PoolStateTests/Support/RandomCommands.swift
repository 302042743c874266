import AccessControl
import CryptographicModule
import PoolState

/// Random commands over few names, so that they meet each other: about half of them are refused.
struct RandomCommands {
    private var random: SplitMix
    private var serial = 0

    init(seed: UInt64) {
        random = SplitMix(seed: seed)
    }

    private mutating func number(_ range: Range<Int>) -> Int {
        Int.random(in: range, using: &random)
    }

    private mutating func name() -> String { "key-\(number(0..<8))" }

    private mutating func principal() -> GUID { GUID(high: 0xad, low: UInt64(number(1..<10))) }

    private mutating func role() -> GUID {
        number(0..<3) == 0
            ? GUID(high: 7, low: UInt64(number(0..<4))) : BuiltInRole.allCases.randomElement(using: &random)!.id
    }

    private mutating func scope() -> Scope {
        switch number(0..<4) {
        case 0: .root
        case 1: .keys
        default: .key(name())
        }
    }

    mutating func next(_ state: PoolState) -> PoolCommand {
        serial += 1
        switch number(0..<100) {
        case 0..<20: return .createKeyVersion(key())
        case 20..<23: return restored()
        case 23..<25:
            let rules = [nil, Fixture.rules("P90D", beforeExpiry: "P30D"), Fixture.rules(nil, afterCreation: "P28D")]
            return .setRotationRules(name: name(), rules: rules[number(0..<3)])
        case 25..<40: return attributes(state)
        case 40..<44: return job(state)
        case 44..<50: return .deleteKey(name: name())
        case 50..<55: return .recoverKey(name: name())
        case 55..<60: return .purgeKey(name: name(), onlyIfDue: number(0..<2) == 0)
        case 60..<75: return directory()
        case 75..<90: return roles(state)
        case 90..<95:
            return .auditHead(
                AuditHead(
                    node: UInt64(number(1..<5)), count: UInt64(number(0..<50)),
                    hash: [UInt8](repeating: UInt8(number(0..<3)), count: 32), time: 5))
        case 95 where number(0..<4) == 0:
            let version = number(0..<2) == 0 ? PoolVersion.peerUnsealing : .newest
            return .raisePoolVersion(version, knownBy: Set(state.members.map(\.node)))
        case 95 where number(0..<2) == 0: return RestoreOrderTests.random(&random, state)
        case 95: return .peerUnsealing(PeerUnsealTests.random(&random))
        case 95..<98:
            return .unsealGranted(
                UnsealGrant(
                    node: UInt64(number(1..<5)), bootNonce: [UInt8](repeating: 1, count: 16), grantedBy: 1,
                    ticketDigest: [UInt8](repeating: 2, count: 32)))
        case 98: return .securityDomainPrepared(Fixture.securityDomain(generation: 1, keyring: [4]))
        default: return .initializePool(Fixture.genesis())
        }
    }

    private mutating func key() -> NewKeyVersion {
        switch number(0..<4) {
        case 0: return Fixture.symmetricKey(name(), version: serial)
        case 1:
            return Fixture.rsaKey(name(), version: serial, modulus: UInt8(number(1..<250)), exponent: [1, 0, 1])
        case 2:
            return Fixture.key(name(), version: number(0..<5), material: number(0..<20), origin: .imported)
        default:
            var key = Fixture.key(name(), version: serial)
            key.tags = ["b": "\(number(0..<9))", "a": "ä"]
            key.expires = Int64(number(0..<100))
            return key
        }
    }

    private mutating func restored() -> PoolCommand {
        let name = name()
        let versions = (0..<number(0..<4)).map { place in
            RestoredKey.Version(
                version: Fixture.key(name, version: serial * 8 + 100_000 + place, origin: .restored),
                updated: Int64(serial))
        }
        let rules = number(0..<2) == 0 ? nil : Fixture.rules("P28D")
        return .restoreKey(RestoredKey(name: name, versions: versions, rotationRules: rules))
    }

    private mutating func schedule(_ state: PoolState) -> PoolCommand {
        let backup = state.backupsBySchedule.randomElement(using: &random)?.id ?? Fixture.jobID(1)
        switch number(0..<6) {
        case 0: return .setBackupSchedule(number(0..<4) == 0 ? nil : Fixture.schedule(serial, hourly: number(0..<3)))
        case 1: return .retireBackup(backup)
        case 2: return .forgetBackup(backup)
        default:
            let plan = state.backupPlan
            let due = number(0..<2) == 0 ? nil : state.dueBackup(at: state.logTime / 1000)
            return .beginScheduledBackup(
                Fixture.job(serial, .backup), schedule: plan?.schedule.id ?? [], due: due)
        }
    }

    private mutating func job(_ state: PoolState) -> PoolCommand {
        if number(0..<3) == 0 { return schedule(state) }
        guard let running = state.runningJob, number(0..<20) > 0 else {
            let kind = JobKind.allCases[number(0..<JobKind.allCases.count)]
            return .beginJob(Fixture.job(serial, kind, key: kind == .keyRestore ? name() : nil))
        }
        switch number(0..<5) {
        case 0: return .reportJob(id: running.id, items: UInt64(serial), bytes: 1)
        case 1:
            let failure = JobFailure(code: "Failed", message: "")
            return .failJob(id: running.id, failure, onlyIfSilent: number(0..<2) == 0)
        case 2: return .completeJob(id: running.id, items: 1, bytes: 2, keys: number(0..<3), report: "r")
        default:
            let key = Fixture.staged(running.order.key ?? name(), versions: [serial * 8 + 200_000])
            return .stageKeys(job: running.id, [key])
        }
    }

    private mutating func attributes(_ state: PoolState) -> PoolCommand {
        let name = name()
        let versions = state.key(name)?.versions ?? []
        guard let current = versions.randomElement(using: &random) else {
            return .setKeyAttributes(KeyAttributeChange(name: name, version: Fixture.version(1)))
        }
        var change = KeyAttributeChange(name: name, version: current.version)
        switch number(0..<4) {
        case 0: change.enabled = number(0..<2) == 0
        case 1: change.notBefore = .set(Int64(serial))
        case 2: change.tags = ["serial": "\(serial)"]
        default:
            var header = current.header
            header.revision += UInt32(number(0..<3))
            header.operations = [.sign]
            change.resealed = ResealedKey(header: header, record: Array("resealed/\(serial)".utf8))
        }
        return .setKeyAttributes(change)
    }

    private mutating func directory() -> PoolCommand {
        switch number(0..<6) {
        case 0, 1:
            let kind = PrincipalKind.allCases.randomElement(using: &random)!
            return .createPrincipal(
                NewPrincipal(
                    objectID: principal(),
                    clientID: kind == .servicePrincipal ? GUID(high: 0xc1, low: UInt64(number(0..<5))) : nil,
                    kind: kind, displayName: "principal", groups: number(0..<3) == 0 ? [principal()] : []))
        case 2: return .setPrincipalEnabled(objectID: principal(), enabled: number(0..<2) == 0)
        case 3:
            return .setPrincipalSecret(
                objectID: principal(), hash: [UInt8](repeating: 1, count: 32), generation: UInt32(number(0..<3)))
        case 4: return .setPrincipalGroups(objectID: principal(), groups: [principal(), principal()])
        default: return .deletePrincipal(objectID: principal())
        }
    }

    private mutating func roles(_ state: PoolState) -> PoolCommand {
        switch number(0..<7) {
        case 0..<3:
            return .putRoleAssignment(
                RoleAssignment(
                    name: GUID(high: 0x4a, low: UInt64(number(1..<60))), scope: scope(), principal: principal(),
                    roleDefinition: role()))
        case 3, 4:
            let name = GUID(high: 0x4a, low: UInt64(number(1..<60)))
            return .deleteRoleAssignment(name: name, scope: state.permissions.assignment(named: name)?.scope ?? scope())
        case 5:
            return .putRoleDefinition(
                RoleDefinition(id: role(), name: "role", dataActions: ["*/\(number(0..<9))", "*read*"]))
        default: return .deleteRoleDefinition(id: role())
        }
    }
}
