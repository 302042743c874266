import HSMNode
import Raft

/// What goes wrong.
extension World {
    private enum Fault {
        case crash, crashLeader, crashInWrite, split, isolateLeader, oneWay, clog, pause, seal, transfer, diskFull
        case forge
    }

    /// Lets something go wrong, and plans the next time.
    func strike() {
        events.add(.fault, at: now + 1 + random.exponential(mean: profile.meanFaultInterval))
        let victim = random.below(nodes.count)
        switch drawFault() {
        case .crash: crash(victim)
        case .crashLeader: crash(leader ?? victim)
        case .crashInWrite:
            let point: SimulatedDisk.CrashPoint = random.chance(500_000) ? .before : .after
            nodes[random.chance(500_000) ? leader ?? victim : victim].disk.armCrash(
                after: 1 + random.below(3), at: point)
        case .split: split(nodes.map { _ in random.chance(500_000) }, oneWay: false)
        case .isolateLeader:
            let lonely = leader ?? victim
            split(nodes.map { $0.number == lonely }, oneWay: false)
        case .oneWay: split(nodes.map { $0.number == victim }, oneWay: true)
        case .clog:
            network.slowDown(
                from: victim, to: random.below(nodes.count), by: random.exponential(mean: 60_000_000))
        case .pause:
            nodes[victim].pausedUntil = now + random.exponential(mean: 250_000_000)
            nodes[victim].busyUntil = max(nodes[victim].busyUntil, nodes[victim].pausedUntil)
        case .seal: seal(victim)
        case .transfer:
            guard let leader else { break }
            tell(leader, .transferLeadership(to: nodes[victim].id))
        case .diskFull: nodes[victim].disk.refusals = 1 + random.below(6)
        case .forge: forge(inTheNameOf: victim)
        }
    }

    /// All faults end: every link works, every machine runs and gets the pool's keys.
    func heal() {
        isHealing = true
        profile.entryLoss = 0
        healedAt = now
        network.heal()
        network.conditions = .healthy
        for node in nodes {
            node.disk.calm()
            node.busyUntil = min(node.busyUntil, now)
            node.pausedUntil = 0
            if node.process == nil { start(node.number) }
            events.add(.unseal(node.number), at: now + 1)
            wake(node.number, at: now)
        }
    }

    /// What keeps the pool from being at rest; nil if nothing does.
    var unrest: String? {
        guard let leader else { return "no leader" }
        guard let goal = nodes[leader].process?.driver.standing, goal.commitIndex == goal.lastIndex else {
            return "leader \(leader + 1) has entries that aren't committed"
        }
        for node in nodes {
            guard let standing = node.process?.driver.standing else { return "node \(node.id) is down" }
            if standing.isSealed { return "node \(node.id) is sealed" }
            if standing.term != goal.term { return "node \(node.id) is in another term" }
            if standing.appliedIndex != goal.commitIndex || standing.lastIndex != goal.lastIndex {
                return "node \(node.id) has applied \(standing.appliedIndex) of \(goal.commitIndex)"
            }
        }
        let open = checker.history.open
        if open > 0 { return "\(open) calls aren't answered" }
        return checker.history.lastCallsFailed ? "a call failed without a reason" : nil
    }

    /// Who leads the highest term, as an onlooker sees it.
    var leader: Int? {
        let leading = nodes.compactMap { node -> (term: Term, number: Int)? in
            guard let standing = node.process?.driver.standing, standing.role == .leader else { return nil }
            return (standing.term, node.number)
        }
        return leading.max { $0.term < $1.term }?.number
    }

    /// Takes a leader out of the game soon after its election.
    func depose(_ number: Int) {
        if random.chance(600_000) {
            crash(number)
        } else {
            split(nodes.map { $0.number == number }, oneWay: false)
        }
    }

    private func split(_ side: [Bool], oneWay: Bool) {
        counters.partitions += 1
        network.heal()
        network.split(side, oneWay: oneWay)
        events.add(.heal, at: now + random.exponential(mean: profile.meanPartition))
    }

    private func seal(_ number: Int) {
        guard let process = nodes[number].process, !process.driver.isSealed else { return }
        counters.seals += 1
        tell(number, .seal)
        events.add(.unseal(number), at: now + 1 + random.exponential(mean: profile.meanSealedTime))
    }

    private func tell(_ number: Int, _ event: NodeEvent) {
        guard nodes[number].process != nil else { return }
        nodes[number].inbox.append(event)
        wake(number, at: now)
    }

    private func drawFault() -> Fault {
        let weights = profile.faults
        let table: [(Fault, Int)] = [
            (.crash, weights.crash), (.crashLeader, weights.crashLeader), (.crashInWrite, weights.crashInWrite),
            (.split, weights.split), (.isolateLeader, weights.isolateLeader), (.oneWay, weights.oneWay),
            (.clog, weights.clog), (.pause, weights.pause), (.seal, weights.seal), (.transfer, weights.transfer),
            (.diskFull, weights.diskFull), (.forge, weights.forge),
        ]
        var drawn = random.below(table.reduce(0) { $0 + $1.1 })
        for (fault, weight) in table {
            if drawn < weight { return fault }
            drawn -= weight
        }
        return .crash
    }
}
