import NIOHTTP1
import StrictJSON

// MARK: Disks that are full

extension DrillRun {
    /// Leaves no room on the disk of one node, until the node itself says so.
    func fillDisk(of victim: DrillScenario.DiskVictim) async throws {
        let leader = try await leader()
        let others = pool.living.filter { $0 != leader && !fullDisks.contains($0) }
        guard let number = victim == .leader ? leader : others.first else {
            throw ClientError.refused("There is no such node any more.")
        }
        fullDisks.insert(number)
        // A node that runs out of room gives up a reserve that it has put by: that is taken as well.
        try await wait(for: "node-\(number) to find its disk full", at: pool.plan.endpoint(of: number)) { health in
            try self.pool.disk(of: number).fill()
            return health.text("disk") == "full"
        }
        note("node-\(number), the \(victim.rawValue), has no room on its disk")
        try await demandExplanation(of: number)
    }

    /// A client is refused and told why, and so is who reads the log.
    private func demandExplanation(of number: Int) async throws {
        let endpoint = pool.plan.endpoint(of: number)
        let deadline = ContinuousClock.now + .seconds(Self.patience)
        let others = pool.living.filter { !fullDisks.contains($0) }
        let answer = try await PoolClient.with(try pool.connection(to: others)) { client in
            // With a token of another node: this one issues none.
            _ = try await client.send(.GET, "/keys")
            while true {
                let answer = try await Self.answer(of: endpoint, client)
                if answer?.status == 503 { return answer }
                guard ContinuousClock.now < deadline else {
                    throw ClientError.refused(
                        "node-\(number) answers \(answer?.status ?? 0) though its disk is full.")
                }
                try pool.disk(of: number).fill()
            }
        }
        note("node-\(number) refuses", detail: answer?.message)
        let log = String(decoding: try Files.read(pool.plan.log(of: number)), as: UTF8.self)
        guard let line = log.split(separator: "\n").last(where: { $0.contains("storageFull") }) else {
            throw ClientError.refused("node-\(number) doesn't say in its log that its disk is full.")
        }
        note("its log says", detail: String(line))
    }

    /// nil where it takes too long: it may answer the next time.
    private static func answer(of endpoint: String, _ client: PoolClient) async throws -> Answer? {
        do {
            return try await client.send(.GET, "/keys", to: endpoint, seconds: 20)
        } catch let failure as NodeFailure {
            guard case .interrupted = failure.cause else { throw failure }
            return nil
        }
    }

    /// There is room again. The nodes are left alone: they have to come back by themselves.
    func freeDisks() throws {
        for number in fullDisks.sorted() {
            try pool.disk(of: number).free()
            note("node-\(number) has room again")
        }
        fullDisks = []
    }
}
