import HSMNode
import Logging
import NIOCore
import NIOPosix
import NodeEnvironment
import PoolState
import Raft
import Synchronization

/// Runs a node's driver on an event loop of its own, and is the pool for everybody else on this node.
///
/// A read that a lease covers is answered on the caller's thread, from what the driver last published for that. All
/// else goes to the driver: callers on any thread leave their wishes in a mailbox, and one step of the driver takes all
/// that have gathered, so that they share one durable write. Beside the driver the loop serves the connections to the
/// other nodes and nothing else: the driver may block on the disk, and could not go on with their messages meanwhile.
final class NodeRuntime: Pool {
    private enum Mail: Sendable {
        case messages([PeerMessage], from: NodeID)
        case connected(NodeID)
        case returned(NodeID)
        case submit(PoolCommand, ProposalOrigin, @Sendable (Result<Committed, PoolUnavailable>) -> Void)
        case read(ReadScope, @Sendable (Result<PoolView, PoolUnavailable>) -> Void)
        case unseal(any StateAuthenticator, @Sendable (Result<LogIndex, UnsealRefusal>) -> Void)
        case seal(@Sendable () -> Void)
        case save(@Sendable (Bool) -> Void)
        case recover(PoolRecoveryRequest, @Sendable (Result<LogIndex, PoolRecoveryRefusal>) -> Void)
        case report(@Sendable (NodeStatusReport) -> Void)
        case stop(@Sendable () -> Void)
    }

    /// What only the loop touches.
    private struct Confined {
        let driver: NodeDriver
        var timer: Timer?
    }

    private struct Timer {
        let due: Instant
        let task: Scheduled<Void>
    }

    let loop: any EventLoop
    private let clock: any NodeClock
    private let mailbox = Mutex(Mailbox<Mail>())
    private let view: Published<PoolView>
    private let leased = Published<LeasedReads?>(nil)
    private let standing: Mutex<NodeStanding>
    private let confined: NIOLoopBoundBox<Confined>
    private let onHalt: @Sendable (HaltReason) -> Void

    /// Must be called on `loop`, with a driver that was made there.
    init(
        driver: NodeDriver, loop: any EventLoop, clock: any NodeClock, view: PoolView,
        onHalt: @escaping @Sendable (HaltReason) -> Void
    ) {
        self.loop = loop
        self.clock = clock
        self.onHalt = onHalt
        self.view = Published(view)
        standing = Mutex(driver.standing)
        confined = NIOLoopBoundBox(Confined(driver: driver, timer: nil), eventLoop: loop)
    }

    // MARK: Pool

    var latestView: PoolView { view.value }
    var latestStanding: NodeStanding { standing.withLock { $0 } }

    /// Whether this node answers reads by itself just now.
    var holdsLease: Bool { leased.value?.isCurrent(now: clock.now()) ?? false }

    func publish(_ newer: PoolView) { view.replace(with: newer) }
    func publish(_ reads: LeasedReads?) { leased.replace(with: reads) }

    /// The request has arrived; only now the view is loaded and the clock read.
    func read(_ scope: ReadScope, _ body: @escaping @Sendable (Result<PoolView, PoolUnavailable>) -> Void) {
        if let view = leased.value?.view(for: scope, now: clock.now()) { return body(.success(view)) }
        post(.read(scope, body))
    }

    func current(for scope: ReadScope) -> CurrentView? { leased.value?.current(for: scope, now: clock.now()) }

    func submit(
        _ command: PoolCommand, origin: ProposalOrigin,
        _ body: @escaping @Sendable (Result<Committed, PoolUnavailable>) -> Void
    ) {
        let mail = Mail.submit(command, origin, body)
        if let caller = MultiThreadedEventLoopGroup.currentEventLoop, caller !== loop {
            post(mail, atEndOfTurnOf: caller)
        } else {
            post(mail)
        }
    }

    // MARK: Driver

    func receive(_ messages: [PeerMessage], from node: NodeID) { post(.messages(messages, from: node)) }
    func connected(_ node: NodeID) { post(.connected(node)) }
    func returned(_ node: NodeID) { post(.returned(node)) }

    func unseal(_ authenticator: any StateAuthenticator) async -> Result<LogIndex, UnsealRefusal> {
        await withCheckedContinuation { continuation in
            post(.unseal(authenticator) { continuation.resume(returning: $0) })
        }
    }

    /// Returns when the node has forgotten the driver's keys.
    func seal() async {
        await withCheckedContinuation { continuation in post(.seal { continuation.resume() }) }
    }

    /// Stores what was applied; false if there is no room for it, or the node stops.
    func save() async -> Bool {
        await withCheckedContinuation { continuation in post(.save { continuation.resume(returning: $0) }) }
    }

    func recover(_ request: PoolRecoveryRequest) async -> Result<LogIndex, PoolRecoveryRefusal> {
        await withCheckedContinuation { continuation in
            post(.recover(request) { continuation.resume(returning: $0) })
        }
    }

    func report() async -> NodeStatusReport {
        await withCheckedContinuation { continuation in post(.report { continuation.resume(returning: $0) }) }
    }

    func stop() async {
        await withCheckedContinuation { continuation in post(.stop { continuation.resume() }) }
    }

    /// Begins to run: until now nothing happened.
    func start() { post(.messages([], from: NodeID(0))) }

    private func post(_ mail: Mail) {
        if mailbox.withLock({ $0.post(mail) }) { callDriver() }
    }

    /// Posts what shares a step with all else that reaches an event loop at the same time. The driver's thread goes
    /// before all others: it would interrupt the caller for each of many requests.
    private func post(_ mail: Mail, atEndOfTurnOf caller: any EventLoop) {
        let key = ObjectIdentifier(caller)
        guard mailbox.withLock({ $0.post(mail, atEndOfTurnOf: key) }) else { return }
        caller.execute { [self] in
            if mailbox.withLock({ $0.keepPromise(of: key) }) { callDriver() }
        }
    }

    private func callDriver() { loop.execute { self.step() } }

    private func step() {
        let taken = mailbox.withLock { $0.take() }
        let driver = confined.value.driver
        for mail in taken { deliver(mail, to: driver) }
        driver.finishStep(now: clock.now())
        let now = driver.standing
        standing.withLock { $0 = now }
        if let reason = driver.halted, reason != .stopped { onHalt(reason) }
        armTimer(driver)
    }

    private func deliver(_ mail: Mail, to driver: NodeDriver) {
        let now = clock.now()
        switch mail {
        case .messages(let messages, let node):
            for message in messages { driver.handle(.message(message, from: node), now: now) }
        case .connected(let node): driver.handle(.peerConnected(node), now: now)
        case .returned(let node): driver.handle(.peerReturned(node), now: now)
        case .submit(let command, let origin, let body):
            driver.handle(.submit(command, origin: origin, completion: body), now: now)
        case .read(let scope, let body): driver.handle(.read(for: scope, body), now: now)
        case .unseal(let authenticator, let body): driver.handle(.unseal(authenticator, completion: body), now: now)
        case .seal(let body):
            driver.handle(.seal, now: now)
            body()
        case .save(let body): driver.handle(.save(completion: body), now: now)
        case .recover(let request, let body): driver.handle(.recover(request, completion: body), now: now)
        case .report(let body): body(driver.report())
        case .stop(let body):
            driver.stop()
            body()
        }
    }

    /// Keeps a timer that is due no later: most steps put off what is next, and to make a timer anew in each costs more
    /// than a step too many now and then. Not one that should have fired: the loop's clock stands still while the
    /// machine sleeps, and the node's doesn't.
    private func armTimer(_ driver: NodeDriver) {
        let deadline = driver.nextDeadline
        let now = clock.now()
        if let timer = confined.value.timer {
            if now < timer.due, timer.due <= deadline { return }
            timer.task.cancel()
            confined.value.timer = nil
        }
        guard deadline != .distantFuture else { return }
        let wait = deadline > now ? deadline.nanoseconds - now.nanoseconds : 0
        let task = loop.scheduleTask(in: .nanoseconds(Int64(min(wait, 3_600_000_000_000)))) { self.timerFired() }
        confined.value.timer = Timer(due: deadline, task: task)
    }

    /// A step in any case, without asking the clock: a step is where the clock is watched, and one that stands still
    /// would never say that something is due.
    private func timerFired() {
        confined.value.timer = nil
        step()
    }
}
