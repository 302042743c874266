import HTTPTransport
import NIOCore

/// Sends the load of one process and keeps its score. Confined to one event loop.
///
/// In the open loop a request's latency counts from the time at which it was due, whenever it left: a server that
/// stalls can't hide the requests that it kept from being sent ("coordinated omission", G. Tene).
final class LoadWorker {
    /// A request under way, or a free place for one.
    private struct Slot {
        var line: NodeLink.Line?
        var client: (any LoadConnection)?
        /// Of the closed loop: the connection whose share this request is, also while another one carries it.
        var home: NodeLink.Line?
        var operation = 0
        var due: UInt64 = 0
        var isMeasured = false
        /// Distinguishes the requests that have used the place.
        var generation: UInt32 = 0
    }

    private struct Deadline {
        let slot: Int
        let generation: UInt32
        let time: UInt64
    }

    private static let openTick: UInt64 = 250_000
    private static let closedTick: UInt64 = 5_000_000
    private static let sentAtOnce = 512
    private static let homelessPause: UInt64 = 20_000_000

    private let plan: LoadPlan
    private let loop: any EventLoop
    private let links: [NodeLink]
    private var headers: [[(String, String)]]
    private var mix: OperationMix
    private var arrivals: ArrivalSchedule?
    private var board: Scoreboard
    private var slots: [Slot] = []
    private var freeSlots: [Int] = []
    private var deadlines = FIFO<Deadline>()
    private var nextLink = 0
    private var startedAt: UInt64 = 0
    private var sendsUntil: UInt64 = 0
    private var isRunning = false
    private var outstanding = 0
    /// The request that is being given to its connection.
    private var submitting: Int?
    /// Whether that connection didn't take it.
    private var isTurnedAway = false
    private let finished: () -> Void

    /// - Parameters:
    ///   - emit: takes each second's sample, on the loop.
    ///   - finished: called once, on the loop, after the last sample.
    init(
        _ plan: LoadPlan, links: [NodeLink], loop: any EventLoop, emit: @escaping (LoadSample) -> Void,
        finished: @escaping () -> Void
    ) {
        self.plan = plan
        self.loop = loop
        self.links = links
        self.finished = finished
        let random = SplitMix64(seed: plan.seed)
        headers = Self.headers(plan.tokens)
        mix = OperationMix(plan, random: random)
        if case .open(let from, let to, let spacing) = plan.arrival {
            arrivals = ArrivalSchedule(
                from: from, to: to, spacing: spacing, warmUp: plan.warmUp, duration: plan.duration,
                random: SplitMix64(seed: plan.seed &+ 1), first: plan.firstArrival)
        }
        board = Scoreboard(nodes: plan.nodes.count, operations: plan.operations.count, emit: emit)
    }

    private static func headers(_ tokens: [String]) -> [[(String, String)]] {
        tokens.map { [("authorization", "Bearer \($0)"), ("content-type", "application/json")] }
    }

    /// Requests that are sent from now on have these tokens, one for each principal.
    func use(tokens: [String]) {
        guard tokens.count == headers.count else { return }
        headers = Self.headers(tokens)
    }

    // MARK: Beginning and end

    /// - Parameter time: when the load begins, on the monotonic clock.
    func start(at time: UInt64) {
        startedAt = time
        sendsUntil = time + plan.warmUp + plan.duration
        isRunning = true
        board.begin(at: time, measuringFrom: time + plan.warmUp)
        at(time) {
            if case .closed = self.plan.arrival, self.now() < self.sendsUntil {
                for _ in 0..<self.plan.streams {
                    for link in self.links { for line in link.lines { self.send(due: self.now(), by: line) } }
                }
            }
            self.tick()
        }
    }

    /// Sends nothing more, also where it has not begun; what is under way has a second to end.
    func stop() {
        guard isRunning else { return }
        arrivals = nil
        sendsUntil = min(sendsUntil, now())
        giveUpAt = min(giveUpAt, sendsUntil + 1_000_000_000)
    }

    private lazy var giveUpAt = sendsUntil + plan.timeout

    private func tick() {
        guard isRunning else { return }
        let now = now()
        sendDue(now)
        expire(now)
        board.advance(to: now, outstanding: outstanding, links: links)
        if now >= sendsUntil, outstanding == 0 || now >= giveUpAt { return end() }
        if let next = arrivals?.next {
            at(max(startedAt + next, now + Self.openTick), tick)
        } else {
            at(now + (arrivals == nil ? Self.closedTick : Self.openTick), tick)
        }
    }

    private func end() {
        isRunning = false
        expire(.max)
        board.end(outstanding: outstanding, links: links)
        for link in links { link.close() }
        finished()
    }

    private func at(_ time: UInt64, _ work: @escaping () -> Void) {
        loop.assumeIsolated().scheduleTask(deadline: .uptimeNanoseconds(time), work)
    }

    private func now() -> UInt64 { loop.now.uptimeNanoseconds }

    // MARK: Sending

    /// Sends what is due. After a burst the loop looks at its sockets before it goes on.
    private func sendDue(_ now: UInt64) {
        var sent = 0
        while sent < Self.sentAtOnce, let next = arrivals?.next, startedAt + next <= now, now < giveUpAt {
            arrivals?.advance()
            let due = startedAt + next
            sent += 1
            guard outstanding < plan.maximumOutstanding else {
                board.unsent(due: due)
                continue
            }
            send(due: due, by: nil)
        }
    }

    /// - Parameter isRepeated: whether no node was found before, and that was counted.
    private func send(due: UInt64, by preferred: NodeLink.Line?, isRepeated: Bool = false) {
        let now = now()
        guard let line = line(preferred, now) else {
            if !isRepeated { board.homeless(due: due) }
            return retryLater(by: preferred)
        }
        let draw = mix.next()
        let request = plan.operations[draw.operation].requests[draw.key]
        let index = take(Slot(
            line: line, client: line.client, home: preferred, operation: draw.operation, due: due,
            isMeasured: board.isMeasured(due: due)))
        let generation = slots[index].generation
        deadlines.append(Deadline(slot: index, generation: generation, time: now + plan.timeout))
        let worker = NIOLoopBound(self, eventLoop: loop)
        let node = line.link.index
        submitting = index
        line.client?.send(
            HTTP2ClientRequest(
                method: request.body.isEmpty ? .get : .post, authority: line.link.node.authority, path: request.path,
                headers: headers[draw.principal], body: request.body)
        ) { worker.value.answered(index, generation, node, $0) }
        submitting = nil
        guard isTurnedAway else { return board.left(due: due, at: now) }
        isTurnedAway = false
        line.link.lost(line, slots[index].client)
        release(index)
        send(due: due, by: preferred)
    }

    /// A closed loop that found no node tries again; an open one has the next arrival.
    private func retryLater(by preferred: NodeLink.Line?) {
        guard case .closed = plan.arrival else { return }
        at(now() + Self.homelessPause) {
            guard self.isRunning, self.now() < self.sendsUntil else { return }
            self.send(due: self.now(), by: preferred, isRepeated: true)
        }
    }

    /// The wanted connection where it can be used; else one of a node that serves; else any node's, each in turn.
    private func line(_ preferred: NodeLink.Line?, _ now: UInt64) -> NodeLink.Line? {
        let line = choose(preferred, now)
        // Now and then one request tries whether a node still hangs.
        if let link = line?.link, link.isSilent { link.restAwhile(now: now) }
        return line
    }

    private func choose(_ preferred: NodeLink.Line?, _ now: UInt64) -> NodeLink.Line? {
        if let preferred, preferred.isUsable, !preferred.link.isResting(now: now) { return preferred }
        return next { !$0.isResting(now: now) } ?? next { _ in true }
    }

    private func next(where isWanted: (NodeLink) -> Bool) -> NodeLink.Line? {
        for _ in links.indices {
            nextLink = nextLink + 1 < links.count ? nextLink + 1 : 0
            if isWanted(links[nextLink]), let line = links[nextLink].nextUsable() { return line }
        }
        return nil
    }

    private func take(_ slot: Slot) -> Int {
        outstanding += 1
        if let index = freeSlots.popLast() {
            let generation = slots[index].generation &+ 1
            slots[index] = slot
            slots[index].generation = generation
            return index
        }
        slots.append(slot)
        return slots.count - 1
    }

    // MARK: Answers

    private func answered(
        _ index: Int, _ generation: UInt32, _ node: Int, _ result: Result<HTTP2ClientResponse, HTTP2ClientError>
    ) {
        // The connection takes no more, for its node is ending: nothing of the request was sent, and another gets it.
        if submitting == index, case .failure(.connectionClosed) = result {
            isTurnedAway = true
            return
        }
        if case .success = result { links[node].answered(now: self.now()) }
        // A request that timed out has been counted.
        guard slots[index].generation == generation, let line = slots[index].line else { return }
        let now = now()
        let outcome = outcome(result)
        switch outcome {
        case \.disconnected: line.link.lost(line, slots[index].client)
        case \.unavailable: line.link.restAwhile(now: now)
        default: break
        }
        settle(index, outcome, now)
    }

    private func outcome(
        _ result: Result<HTTP2ClientResponse, HTTP2ClientError>
    ) -> WritableKeyPath<OutcomeCounts, UInt64> {
        switch result {
        case .success(let response):
            switch response.status {
            case 200..<300: \.good
            case 429: \.throttled
            case 503: \.unavailable
            case 400..<500: \.refused
            default: \.failed
            }
        case .failure(.connectionClosed): \.disconnected
        case .failure(.reset), .failure(.badRequest), .failure(.badResponse): \.failed
        }
    }

    /// Counts what became of a request, frees its place, and in the closed loop sends the next one.
    private func settle(_ index: Int, _ outcome: WritableKeyPath<OutcomeCounts, UInt64>, _ now: UInt64) {
        let slot = slots[index]
        guard let line = slot.line else { return }
        release(index)
        if outcome == \.good, now < sendsUntil {
            board.answered(node: line.link.index, operation: slot.operation, at: now)
        }
        if slot.isMeasured {
            board.settled(
                node: line.link.index, operation: slot.operation, outcome, latency: now > slot.due ? now - slot.due : 0)
        }
        if case .closed = plan.arrival, now < sendsUntil { send(due: now, by: slot.home) }
    }

    /// Frees a request's place.
    private func release(_ index: Int) {
        slots[index].line = nil
        slots[index].client = nil
        freeSlots.append(index)
        outstanding -= 1
    }

    private func expire(_ now: UInt64) {
        while let first = deadlines.first, first.time <= now {
            deadlines.removeFirst()
            let slot = slots[first.slot]
            guard slot.generation == first.generation, let line = slot.line else { continue }
            let isFull =
                now < .max && line.link.missed(line, slot.client, sentAt: first.time - plan.timeout, now: now)
            settle(first.slot, \.timedOut, max(self.now(), min(now, first.time)))
            if isFull { line.link.replace(line, slot.client) }
        }
    }
}

/// First in, first out, at a constant cost.
struct FIFO<Element> {
    private var storage: [Element] = []
    private var head = 0

    var first: Element? { head < storage.count ? storage[head] : nil }

    mutating func append(_ element: Element) { storage.append(element) }

    mutating func removeFirst() {
        head += 1
        guard head > 4096, 2 * head > storage.count else { return }
        storage.removeFirst(head)
        head = 0
    }
}
