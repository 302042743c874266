import HSMNode
import Raft

/// What goes wrong.
///
/// Each misfortune has a number and draws from a generator of its own, so that a run can be repeated without some of
/// them and the others stay what they were: that is how failing runs are made small.
extension World {
    enum Fault {
        case crash, crashLeader, crashInWrite, failFlush, damage
        case split, isolateLeader, oneWay, mesh, clog, swizzle
        case pause, slowDisk, diskFull
        case drift, civilJump, suspend, clockJump, clockFreeze, clockRate
        case seal, transfer, changeMembers, forge, upgrade
    }

    /// The generator of the next misfortune; nil if this run goes without that one.
    func nextMisfortune() -> SimulatedRandom? {
        counters.misfortunes += 1
        let number = counters.misfortunes
        let dice = SimulatedRandom(seed: misfortuneSeed &+ UInt64(number) &* 0xD1B5_4A32_D192_ED03)
        guard let wanted = profile.misfortunes else { return dice }
        return wanted.contains(number) ? dice : nil
    }

    /// Lets something go wrong, and plans the next time.
    func strike() {
        events.add(.fault, at: now + 1 + random.exponential(mean: profile.meanFaultInterval))
        guard let dice = nextMisfortune(), let victim = dice.element(of: inService) else { return }
        let fault = drawFault(dice)
        note("misfortune \(counters.misfortunes): \(fault), node \(victim + 1)")
        carryOut(fault, at: victim, dice)
    }

    private func carryOut(_ fault: Fault, at victim: Int, _ dice: SimulatedRandom) {
        let node = nodes[victim]
        switch fault {
        case .crash: crash(victim)
        case .crashLeader: crash(leader ?? victim)
        case .crashInWrite:
            let point: SimulatedDisk.CrashPoint = dice.chance(500_000) ? .before : .after
            nodes[dice.chance(500_000) ? leader ?? victim : victim].disk.armCrash(after: 1 + dice.below(3), at: point)
        case .failFlush: nodes[dice.chance(500_000) ? leader ?? victim : victim].disk.failNextFlush()
        case .damage: damage(victim, dice)
        case .split: split(nodes.map { _ in dice.chance(500_000) }, oneWay: false, dice)
        case .isolateLeader:
            let lonely = leader ?? victim
            split(nodes.map { $0.number == lonely }, oneWay: false, dice)
        case .oneWay: split(nodes.map { $0.number == victim }, oneWay: true, dice)
        case .mesh: cut(dice) { $0.mesh(cutting: 300_000, dice) }
        case .clog:
            guard let other = dice.element(of: inService) else { break }
            network.slowDown(from: victim, to: other, by: dice.exponential(mean: 60_000_000))
        case .swizzle: cut(dice) { $0.clogAll(mean: 40_000_000, dice) }
        case .pause: pause(victim, for: dice.exponential(mean: profile.meanPause))
        case .slowDisk:
            node.diskDelay = dice.exponential(mean: 40_000_000)
            events.add(.diskRecovers(victim), at: now + dice.exponential(mean: 400_000_000))
        case .diskFull: node.disk.refusals = 1 + dice.below(6)
        case .drift: setDrift(Self.drift(dice, within: profile.maximumDrift), of: victim)
        // Two clocks stay within what is tolerated between them.
        case .civilJump: node.clock.civilOffset = Int64(dice.below(50_001)) - 25_000
        case .suspend: suspend(victim, for: dice.exponential(mean: profile.meanPause))
        case .clockJump, .clockFreeze, .clockRate: bendClock(fault, of: victim, dice)
        case .seal: seal(victim, dice)
        case .transfer:
            guard let leader else { break }
            tell(leader, .transferLeadership(to: node.id))
        case .changeMembers: changeMembers(dice)
        case .forge: forge(inTheNameOf: victim)
        case .upgrade: upgrade(victim)
        }
    }

    /// All faults end: every link works, every machine that isn't out of order runs and gets the pool's keys.
    func heal() {
        note("all faults end")
        isHealing = true
        profile.entryLoss = 0
        unheard = nil
        healedAt = now
        network.heal()
        network.conditions = .healthy
        for node in nodes where node.isInService && !node.isLost {
            node.disk.calm()
            node.diskDelay = 0
            node.busyUntil = min(node.busyUntil, now)
            node.pausedUntil = 0
            if abs(node.clock.drift) > profile.maximumDrift { setDrift(0, of: node.number) }
            upgrade(node.number)
            if node.process == nil { start(node.number) }
            events.add(.unseal(node.number), at: now + 1)
            wake(node.number, at: now)
        }
    }

    /// The machines that take part.
    var inService: [Int] { nodes.indices.filter { nodes[$0].isInService && !nodes[$0].isLost } }

    /// Who leads the highest term, as an onlooker sees it.
    var leader: Int? {
        var best: (term: Term, number: Int)?
        for node in nodes {
            guard let standing = node.process?.driver.standing, standing.role == .leader else { continue }
            if standing.term > best?.term ?? 0 { best = (standing.term, node.number) }
        }
        return best?.number
    }

    /// Takes a leader out of the game soon after its election.
    func depose(_ number: Int) {
        if unheard?.leader == number { unheard = nil }
        guard let dice = nextMisfortune() else { return }
        note("misfortune \(counters.misfortunes): coup against node \(number + 1)")
        if dice.chance(600_000) {
            crash(number)
        } else {
            split(nodes.map { $0.number == number }, oneWay: false, dice)
        }
    }

    // MARK: Links

    private func split(_ side: [Bool], oneWay: Bool, _ dice: SimulatedRandom) {
        cut(dice) { $0.split(side, oneWay: oneWay) }
    }

    /// Replaces what is wrong with the links by something else, for a while.
    private func cut(_ dice: SimulatedRandom, _ cut: (inout SimulatedNetwork) -> Void) {
        counters.partitions += 1
        network.heal()
        cut(&network)
        events.add(.heal, at: now + dice.exponential(mean: profile.meanPartition))
    }

    // MARK: Machines

    /// The process stands still, and with it the machine: its lease clock has to go on all the same.
    private func pause(_ number: Int, for duration: UInt64) {
        let node = nodes[number]
        node.pausedUntil = now + duration
        node.busyUntil = max(node.busyUntil, node.pausedUntil)
        guard profile.plantedFault == .leaseClockStopsInSuspend, node.clock.drift > -1_000_000 else { return }
        events.add(.drift(number, node.clock.drift), at: now + duration)
        setDrift(-1_000_000, of: number)
        node.clock.suspendOscillator(nanoseconds: duration)
    }

    /// The machine sleeps. Its lease clock counts the time, its oscillator doesn't.
    private func suspend(_ number: Int, for duration: UInt64) {
        pause(number, for: duration)
        guard profile.plantedFault != .leaseClockStopsInSuspend else { return }
        nodes[number].clock.suspendOscillator(nanoseconds: duration)
        nodes[number].clock.wasBent = true
    }

    /// A lease clock does what none may.
    private func bendClock(_ fault: Fault, of number: Int, _ dice: SimulatedRandom) {
        let clock = nodes[number].clock
        guard abs(clock.drift) <= profile.maximumDrift else { return }
        clock.wasBent = true
        let duration = dice.exponential(mean: 400_000_000)
        switch fault {
        case .clockJump:
            clock.trueTime = now
            clock.sleep(nanoseconds: duration)
            wake(number, at: now)
        case .clockFreeze:
            events.add(.drift(number, clock.drift), at: now + duration)
            setDrift(-1_000_000, of: number)
        default:
            events.add(.drift(number, clock.drift), at: now + 2 * duration)
            setDrift(dice.chance(500_000) ? 400_000 : -400_000, of: number)
        }
    }

    /// The node's lease clock runs at another rate from now on.
    func setDrift(_ drift: Int64, of number: Int) {
        let node = nodes[number]
        node.clock.setDrift(drift, at: now)
        guard let process = node.process else { return }
        wake(number, at: node.clock.trueTime(of: process.driver.nextDeadline))
    }

    static func drift(_ dice: SimulatedRandom, within bound: Int64) -> Int64 {
        // The ends are where it hurts.
        switch dice.below(3) {
        case 0: -bound
        case 1: bound
        default: Int64(dice.below(Int(2 * bound + 1))) - bound
        }
    }

    private func seal(_ number: Int, _ dice: SimulatedRandom) {
        guard let process = nodes[number].process, !process.driver.isSealed else { return }
        counters.seals += 1
        tell(number, .seal)
        events.add(.unseal(number), at: now + 1 + dice.exponential(mean: profile.meanSealedTime))
    }

    /// Whether nodes of two programs are in this pool.
    var isMixed: Bool { profile.faults.upgrade > 0 }

    /// The machine is stopped, and starts again with the later program.
    private func upgrade(_ number: Int) {
        guard isMixed, !nodes[number].isUpgraded else { return }
        note("node \(number + 1) is upgraded")
        nodes[number].isUpgraded = true
        crash(number)
    }

    func tell(_ number: Int, _ event: NodeEvent) {
        guard nodes[number].process != nil else { return }
        nodes[number].inbox.append(event)
        wake(number, at: now)
    }

    // MARK: Disks

    /// A machine goes down and finds its disk damaged when it comes back. The fault atlas: as long as it is kept, the
    /// damaged disks are a minority, so that a quorum has an intact copy of everything that was promised.
    private func damage(_ number: Int, _ dice: SimulatedRandom) {
        // Until something is committed the founder alone holds the pool.
        guard nodes[number].disk.damage == nil, checker.log.committedCount > 1 else { return }
        let spoilt = nodes.count { $0.disk.damage != nil }
        let founders = nodes.count { $0.isInService }
        guard !profile.keepsQuorumIntact || (spoilt + 1) * 2 < founders else { return }
        crash(number)
        guard nodes[number].process == nil, let kind = dice.element(of: DiskDamage.Kind.allCases) else { return }
        guard let damage = nodes[number].disk.spoil(kind) else { return }
        counters.damages += 1
        note("damage of \(damage.part) on node \(number + 1)")
    }

    private func drawFault(_ dice: SimulatedRandom) -> Fault {
        let table = profile.faults.table
        var drawn = dice.below(table.reduce(0) { $0 + $1.1 })
        for (fault, weight) in table {
            if drawn < weight { return fault }
            drawn -= weight
        }
        return .crash
    }
}

extension FaultWeights {
    fileprivate var table: [(World.Fault, Int)] {
        [
            (.crash, crash), (.crashLeader, crashLeader), (.crashInWrite, crashInWrite), (.failFlush, failFlush),
            (.damage, damage), (.split, split), (.isolateLeader, isolateLeader), (.oneWay, oneWay), (.mesh, mesh),
            (.clog, clog), (.swizzle, swizzle), (.pause, pause), (.slowDisk, slowDisk), (.diskFull, diskFull),
            (.drift, drift), (.civilJump, civilJump), (.suspend, suspend), (.clockJump, clockJump),
            (.clockFreeze, clockFreeze), (.clockRate, clockRate), (.seal, seal), (.transfer, transfer),
            (.changeMembers, changeMembers), (.forge, forge), (.upgrade, upgrade),
        ]
    }
}
