/// Three people and the file that they hold.
struct DrillOfficers {
    /// What the names of their certificates and keys begin with.
    let base: String
    /// The security domain file.
    let file: String

    func certificate(_ number: Int) -> String { "\(base)-\(number).crt" }

    /// Arguments for a command.
    func option(_ number: Int) -> [String] { ["--officer", "\(base)-\(number).crt:\(base)-\(number).key"] }
}

// MARK: New officers, and a pool that was powered off

extension DrillRun {
    /// Every step of the runbook, each as its command.
    func reshare() async throws {
        let next = DrillOfficers(base: pool.plan.shared + "/next-officer", file: pool.plan.shared + "/next-domain.json")
        try ScratchFiles.makeOfficers(next.base, place.programs)
        let words = ["security-domain", "reshare"]
        let certificates = ScratchFiles.officers.map(next.certificate)
        try command(words + ["begin", "--required", "2"] + certificates.flatMap { ["--officer", $0] })
        for number in [1, 3] {
            try command(words + ["approve"] + officers.option(number) + certificates.flatMap { ["--next", $0] })
        }
        try command(words + ["prepare", "--out", next.file])
        for number in ScratchFiles.officers {
            try command(words + ["confirm", "--security-domain", next.file] + next.option(number))
        }
        let deadline = ContinuousClock.now + .seconds(Self.patience)
        // 3: no change is under way any more.
        while try pool.hsmctl(words + ["status"]).status != 3 {
            guard ContinuousClock.now < deadline else {
                throw ClientError.unavailable("the change of the root doesn't end: a node hasn't followed")
            }
            try await Task.sleep(for: .milliseconds(200))
        }
        (formerOfficers, officers) = (officers, next)
    }

    func powerOff() async throws {
        try pool.powerOff()
        try await wait(for: "the nodes to be sealed") { $0.text("seal") == "sealed" }
    }

    func open(_ numbers: [Int]) async throws {
        for number in numbers { try command(unseal(officers, number)) }
        try await wait(for: "the pool to be unsealed") { $0.text("seal") == "unsealed" }
    }

    func demandRefusalOfFormerOfficers() throws {
        guard let formerOfficers else { throw ClientError.refused("There are no former officers.") }
        let arguments = unseal(formerOfficers, 1)
        let outcome = try pool.hsmctl(arguments)
        guard outcome.status == 1 else {
            throw ClientError.refused("A former officer wasn't refused: \(ScratchPool.shown(arguments))")
        }
        note("refused", detail: outcome.error)
    }

    private func unseal(_ officers: DrillOfficers, _ number: Int) -> [String] {
        ["unseal", "--endpoint", pool.plan.endpoint(of: 1), "--security-domain", officers.file]
            + officers.option(number) + ["--node-certificate", pool.plan.folder(of: 1) + "/node.crt"]
    }
}
