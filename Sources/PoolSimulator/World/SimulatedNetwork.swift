import NodeEnvironment
import Raft

/// How the links between nodes behave. Times in nanoseconds, probabilities in parts of a million.
struct NetworkConditions {
    var loss = 0
    var duplication = 0
    var leastDelay: UInt64 = 200_000
    /// On top of the least delay, exponentially distributed: this reorders.
    var meanExtraDelay: UInt64 = 500_000

    static let healthy = NetworkConditions()
}

/// The links between nodes, each direction on its own. Nodes are counted from 0 here.
struct SimulatedNetwork {
    var conditions: NetworkConditions
    private let count: Int
    private var isCut: [Bool]
    private var clog: [UInt64]
    private let random: SimulatedRandom

    init(nodes: Int, conditions: NetworkConditions, random: SimulatedRandom) {
        count = nodes
        self.conditions = conditions
        self.random = random
        isCut = Array(repeating: false, count: nodes * nodes)
        clog = Array(repeating: 0, count: nodes * nodes)
    }

    /// The delays after which copies of a message arrive: none, one or two.
    mutating func delays(from sender: Int, to receiver: Int) -> [UInt64] {
        if isCut[sender * count + receiver] || random.chance(conditions.loss) { return [] }
        let copies = random.chance(conditions.duplication) ? 2 : 1
        let least = conditions.leastDelay + clog[sender * count + receiver]
        return (0..<copies).map { _ in least + random.exponential(mean: conditions.meanExtraDelay) }
    }

    /// Whether a message on its way arrives: a cut loses what is in flight.
    func delivers(from sender: Int, to receiver: Int) -> Bool { !isCut[sender * count + receiver] }

    mutating func heal() {
        for link in isCut.indices {
            isCut[link] = false
            clog[link] = 0
        }
    }

    mutating func cut(from sender: Int, to receiver: Int) {
        isCut[sender * count + receiver] = true
    }

    /// Messages on this link take `delay` longer.
    mutating func slowDown(from sender: Int, to receiver: Int, by delay: UInt64) {
        clog[sender * count + receiver] = delay
    }

    /// Nodes on different sides hear nothing of each other; with `oneWay` side `true` is still heard.
    mutating func split(_ side: [Bool], oneWay: Bool) {
        for sender in 0..<count {
            for receiver in 0..<count where side[sender] != side[receiver] && !(oneWay && side[sender]) {
                cut(from: sender, to: receiver)
            }
        }
    }

    /// Each direction of each link is cut by chance: some nodes hear others that don't hear them, and no two need to
    /// see the same pool.
    mutating func mesh(cutting share: Int, _ dice: SimulatedRandom) {
        for link in isCut.indices where dice.chance(share) { isCut[link] = true }
    }

    /// All links are slow, each in its own way (swizzle-clog).
    mutating func clogAll(mean delay: UInt64, _ dice: SimulatedRandom) {
        for link in clog.indices { clog[link] = dice.exponential(mean: delay) }
    }
}
