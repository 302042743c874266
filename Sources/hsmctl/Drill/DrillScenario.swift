import Foundation
import Yams

/// What is practised, and what it may cost: a file under cluster-config/drills.
struct DrillScenario: Equatable {
    enum Step: Equatable {
        /// Somebody makes keys, one after the other, from here on.
        case writesStart
        case writesStop
        case backUp
        case kill(Victims)
        /// All machines of the pool, with their disks, are gone.
        case destroyPool
        /// A pool on other machines, not activated.
        case newPool
        /// Officers, counted from 1, bring the lost pool's security domain into the new one.
        case officers([Int])
        /// A quorum of the officers gives the living pool a new root and three new officers.
        case reshare
        /// All nodes die and start again, sealed.
        case powerOff
        /// Officers, counted from 1, open the pool that was powered off.
        case open([Int])
        /// The officers from before the change have to be refused.
        case formerOfficersAreRefused
        case restoreEverything
        case restoreKey(String)
        /// A restore of everything has to be refused.
        case restoreIsRefused
        /// A key is deleted and purged.
        case deleteKey(String)
        case corruptBackup(Damage)
        /// One node's disk has no room any more. It has to say so.
        case fillDisk(DiskVictim)
        /// The disks that were full have room again.
        case freeDisks
        /// As ``verify``, at the nodes that have room on their disks; writes go on there, too.
        case verifyOthers
        /// Every key signs, and verifies what it has signed before; what was to be kept is there.
        case verify

        /// Whether service is lost by it: the time to recover counts from here.
        var isIncident: Bool {
            switch self {
            case .kill, .destroyPool, .deleteKey, .powerOff, .fillDisk, .freeDisks: true
            default: false
            }
        }
    }

    enum Victims: String, CaseIterable { case leader, minority }

    enum DiskVictim: String, CaseIterable { case leader, follower }

    enum Damage: String, CaseIterable {
        /// One bit is turned over.
        case bit
        /// The end is missing.
        case cut
    }

    struct Targets: Equatable {
        /// From the incident until everything is verified, in seconds. Machine time: nobody walks anywhere in a drill.
        var rto: Double?
        /// How much of what was written and answered before the incident may be missing, in seconds.
        var rpo: Double?
    }

    var name: String
    var title: String
    var nodes = 3
    var keys = 6
    var targets = Targets()
    var steps: [Step]

    static let maximumBytes = 64 << 10
    static let nodeCounts = [1, 3, 5]
    static let keyCounts = 1...1000
    static let maximumSteps = 50

    /// Whether the nodes need disks of their own that can be filled.
    var fillsDisks: Bool {
        steps.contains { step in
            if case .fillDisk = step { true } else { false }
        }
    }
}

// MARK: Reading

extension DrillScenario {
    /// - Parameter name: by which the report names it.
    /// - Throws: ``ClientError`` that names what is wrong.
    init(name: String, yaml: String) throws {
        guard yaml.utf8.count <= Self.maximumBytes else { throw ClientError.usage("The scenario is too long.") }
        let loaded: Any?
        do {
            loaded = try Yams.load(yaml: yaml)
        } catch {
            throw ClientError.usage("The scenario isn't YAML: \(error)")
        }
        guard let root = loaded as? [String: Any] else { throw ClientError.usage("The scenario isn't a mapping.") }
        try Self.refuseOthers(in: root, than: ["title", "nodes", "keys", "targets", "steps"])
        guard let title = root["title"] as? String, !title.isEmpty, title.utf8.count <= 200 else {
            throw ClientError.usage("'title' is a text of 1 to 200 bytes.")
        }
        guard let list = root["steps"] as? [Any], (1...Self.maximumSteps).contains(list.count) else {
            throw ClientError.usage("'steps' is a list of 1 to \(Self.maximumSteps) steps.")
        }
        self.init(name: name, title: title, steps: try list.map(Self.step))
        if let nodes = root["nodes"] {
            guard let nodes = nodes as? Int, Self.nodeCounts.contains(nodes) else {
                throw ClientError.usage("'nodes' is 1, 3 or 5.")
            }
            self.nodes = nodes
        }
        if let keys = root["keys"] {
            guard let keys = keys as? Int, Self.keyCounts.contains(keys) else {
                throw ClientError.usage("'keys' is 1 to 1000.")
            }
            self.keys = keys
        }
        if let targets = root["targets"] { self.targets = try Self.targets(targets) }
        try check()
    }

    private static func refuseOthers(in values: [String: Any], than known: Set<String>) throws {
        if let unknown = values.keys.sorted().first(where: { !known.contains($0) }) {
            throw ClientError.usage("'\(unknown)' isn't known here.")
        }
    }

    private static func targets(_ value: Any) throws -> Targets {
        guard let values = value as? [String: Any] else { throw ClientError.usage("'targets' isn't a mapping.") }
        try refuseOthers(in: values, than: ["rto_seconds", "rpo_seconds"])
        func seconds(_ name: String) throws -> Double? {
            guard let value = values[name] else { return nil }
            let number = (value as? Int).map(Double.init) ?? value as? Double
            guard let number, number.isFinite, (0...86_400).contains(number) else {
                throw ClientError.usage("'\(name)' is 0 to 86400 seconds.")
            }
            return number
        }
        return Targets(rto: try seconds("rto_seconds"), rpo: try seconds("rpo_seconds"))
    }

    /// A step is a mapping of one member, such as `kill: leader`.
    private static func step(_ value: Any) throws -> Step {
        guard let values = value as? [String: Any], values.count == 1, let (verb, object) = values.first else {
            throw ClientError.usage("A step is one word with an object, such as 'kill: leader', not '\(value)'.")
        }
        switch (verb, object) {
        case ("writes", let text as String) where text == "start": return .writesStart
        case ("writes", let text as String) where text == "stop": return .writesStop
        case ("backup", let text as String) where text == "take": return .backUp
        case ("destroy", let text as String) where text == "pool": return .destroyPool
        case ("build", let text as String) where text == "pool": return .newPool
        case ("verify", let text as String) where text == "keys": return .verify
        case ("verify", let text as String) where text == "others": return .verifyOthers
        case ("free-disk", let text as String) where text == "all": return .freeDisks
        case ("restore", let text as String) where text == "everything": return .restoreEverything
        case ("refuse", let text as String) where text == "restore": return .restoreIsRefused
        case ("refuse", let text as String) where text == "former-officers": return .formerOfficersAreRefused
        case ("reshare", let text as String) where text == "officers": return .reshare
        case ("power-off", let text as String) where text == "pool": return .powerOff
        case ("restore-key", let name as String) where isKeyName(name): return .restoreKey(name)
        case ("delete-key", let name as String) where isKeyName(name): return .deleteKey(name)
        case ("kill", let text as String):
            guard let victims = Victims(rawValue: text) else { break }
            return .kill(victims)
        case ("fill-disk", let text as String):
            guard let victim = DiskVictim(rawValue: text) else { break }
            return .fillDisk(victim)
        case ("corrupt-backup", let text as String):
            guard let damage = Damage(rawValue: text) else { break }
            return .corruptBackup(damage)
        case ("officers", let numbers as [Int]) where areTwo(numbers): return .officers(numbers)
        case ("open", let numbers as [Int]) where areTwo(numbers): return .open(numbers)
        default: break
        }
        throw ClientError.usage("The step '\(verb): \(object)' isn't known. See docs/drills.md.")
    }

    private static func areTwo(_ officers: [Int]) -> Bool {
        officers.count == 2 && Set(officers).count == 2 && officers.allSatisfy((1...3).contains)
    }

    private static func isKeyName(_ text: String) -> Bool {
        (1...127).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                let character = Character(UnicodeScalar(byte))
                return character.isASCII && (character.isLetter || character.isNumber || character == "-")
            }
    }

    /// Whether the steps can follow on each other: a drill that fails for being written wrongly proves nothing.
    private func check() throws {
        var (hasBackup, isDestroyed, isNew, isOpened) = (false, false, false, false)
        var (isReshared, isSealed) = (false, false)
        for step in steps {
            switch step {
            case .open, .formerOfficersAreRefused: break
            case _ where isSealed: throw ClientError.usage("A pool that was powered off has to be opened first.")
            default: break
            }
            switch step {
            case .backUp: hasBackup = true
            case .corruptBackup, .restoreEverything, .restoreKey, .restoreIsRefused:
                guard hasBackup else { throw ClientError.usage("A backup is used before one is taken.") }
                guard !isDestroyed || isOpened else {
                    throw ClientError.usage("A restore into a new pool needs officers first.")
                }
            case .reshare:
                guard !isDestroyed else { throw ClientError.usage("Only a living pool changes its officers.") }
                isReshared = true
            case .powerOff: isSealed = true
            case .open:
                guard isSealed else { throw ClientError.usage("Only a pool that was powered off is opened.") }
                isSealed = false
            case .formerOfficersAreRefused:
                guard isReshared, isSealed else {
                    throw ClientError.usage("Former officers are refused by a pool with new ones that was powered off.")
                }
            case .destroyPool:
                guard !isReshared else { throw ClientError.usage("A new pool is built by its first officers here.") }
                isDestroyed = true
            case .newPool:
                guard isDestroyed else { throw ClientError.usage("A pool is built before the other is destroyed.") }
                isNew = true
            case .officers:
                guard isNew else { throw ClientError.usage("Officers come to a new pool.") }
                isOpened = true
            case .kill(.minority) where nodes < 3, .kill(.leader) where nodes < 3:
                throw ClientError.usage("A pool of one node has no majority without it.")
            case .writesStart, .writesStop, .kill, .deleteKey, .fillDisk, .freeDisks, .verifyOthers, .verify: break
            }
        }
        guard steps.last == .verify else { throw ClientError.usage("The last step is 'verify: keys'.") }
        try checkWritesAndDisks()
    }

    /// The same for writes, which end all at once, and for disks: a node finds its disk full when it writes, and comes
    /// back when it has room.
    private func checkWritesAndDisks() throws {
        var (isWriting, isFull) = (false, false)
        for step in steps {
            switch step {
            case .writesStart:
                guard !isWriting else { throw ClientError.usage("Writing begins while it is under way.") }
                isWriting = true
            case .writesStop where isFull: throw ClientError.usage("Writing goes on while a disk is full.")
            case .writesStop: isWriting = false
            case .fillDisk:
                guard nodes >= 3 else { throw ClientError.usage("A pool of one node has no majority without it.") }
                guard isWriting, !isFull else {
                    throw ClientError.usage("A disk runs full while there are writes, and one at a time.")
                }
                isFull = true
            case .freeDisks, .verifyOthers:
                guard isFull else { throw ClientError.usage("No disk is full here.") }
                if step == .freeDisks { isFull = false }
            case _ where isFull:
                throw ClientError.usage("A full disk is followed by 'verify: others' or 'free-disk: all'.")
            default: break
            }
        }
    }
}

extension DrillScenario.Step: CustomStringConvertible {
    /// For people.
    var description: String {
        switch self {
        case .writesStart: "writing begins"
        case .writesStop: "writing ends"
        case .backUp: "a backup is taken"
        case .kill(.leader): "the leader is killed"
        case .kill(.minority): "a minority is killed"
        case .destroyPool: "the whole pool is destroyed"
        case .newPool: "a new pool is built"
        case .officers(let numbers):
            "officers \(numbers.map(String.init).joined(separator: " and ")) bring their shares"
        case .reshare: "a quorum hands over to new officers"
        case .powerOff: "the whole pool is powered off and on"
        case .open(let numbers): "officers \(numbers.map(String.init).joined(separator: " and ")) open the pool"
        case .formerOfficersAreRefused: "the former officers are refused"
        case .restoreEverything: "everything is restored"
        case .restoreKey(let name): "key \(name) is restored"
        case .restoreIsRefused: "the restore is refused"
        case .deleteKey(let name): "key \(name) is deleted and purged"
        case .corruptBackup(.bit): "a bit of the backup is turned over"
        case .corruptBackup(.cut): "the backup is cut short"
        case .fillDisk(let victim): "the \(victim.rawValue)'s disk runs full"
        case .freeDisks: "room is made on the full disk"
        case .verifyOthers: "every key is verified at the other nodes"
        case .verify: "every key is verified"
        }
    }
}
