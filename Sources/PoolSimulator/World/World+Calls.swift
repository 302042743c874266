import HSMNode
import PoolState
import Raft

/// The clients: each asks some node, and may ask another one again when it gets no answer.
extension World {
    func callAgainLater() {
        guard !isHealing else { return }
        events.add(.call, at: now + 1 + random.exponential(mean: profile.meanCallInterval))
        guard let number = random.element(of: inService) else { return }
        if random.chance(profile.reads) { read(at: number) } else { write(at: number) }
    }

    /// - Returns: The operation's number; nil if nobody is there to ask.
    @discardableResult func read(at number: Int) -> Int? {
        let node = nodes[number]
        guard let process = node.process else { return nil }
        let operation = checker.history.begins(proposal: nil, node: number, now: now)
        // Other threads answer by leases: also while the driver is in a write, but not while the process is paused.
        node.clock.trueTime = now
        if now >= node.pausedUntil, let view = process.driver.leasedView(now: node.clock.now()) {
            counters.leasedReads += 1
            ends(operation, .view(view))
            return operation
        }
        node.openOperations.insert(operation)
        node.inbox.append(
            .read { [unowned outbox = process.outbox] result in
                switch result {
                case .success(let view): outbox.answers.append((operation, .view(view)))
                case .failure(let reason): outbox.answers.append((operation, .unavailable(reason)))
                }
            })
        wake(number, at: now)
        return operation
    }

    @discardableResult func write(at number: Int) -> Int? {
        guard nodes[number].process != nil else { return nil }
        return write(workload.nextCommand(), proposal: workload.nextNumber(), at: number)
    }

    @discardableResult
    private func write(_ command: PoolCommand, proposal: UInt64, at number: Int) -> Int? {
        let node = nodes[number]
        guard let process = node.process else { return nil }
        let operation = checker.history.begins(proposal: proposal, node: number, now: now)
        commands[operation] = command
        node.openOperations.insert(operation)
        let origin = ProposalOrigin(principal: nil, authentication: .node, proposalID: Workload.id(of: proposal))
        node.inbox.append(
            .submit(command, origin: origin) { [unowned outbox = process.outbox] result in
                switch result {
                case .success(let committed): outbox.answers.append((operation, .committed(committed)))
                case .failure(let reason): outbox.answers.append((operation, .unavailable(reason)))
                }
            })
        wake(number, at: now)
        return operation
    }

    /// A client that got no answer may ask once more, under the same id, wherever it comes to.
    func repeatCall(_ operation: Int) {
        guard !isHealing, let command = commands[operation], random.chance(profile.repeats) else { return }
        guard let proposal = checker.history.operations[operation].proposal else { return }
        guard let number = random.element(of: inService) else { return }
        write(command, proposal: proposal, at: number)
    }
}
