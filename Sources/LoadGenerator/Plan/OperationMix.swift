import Glibc

/// Draws operations by weight, keys by their distribution, and principals in turn.
struct OperationMix {
    struct Draw {
        let operation: Int
        let key: Int
        let principal: Int
    }

    private enum Keys {
        case one
        case uniform(Int)
        /// Sums of the probabilities up to each key.
        case table([Double])
    }

    private let weights: [Int]
    private let totalWeight: Int
    private let keys: [Keys]
    private let principals: Int
    private var random: SplitMix64
    private var principal = 0

    init(_ plan: LoadPlan, random: SplitMix64) {
        weights = plan.operations.map(\.weight)
        totalWeight = max(1, weights.reduce(0, +))
        principals = max(1, plan.tokens.count)
        keys = plan.operations.map { operation in
            switch operation.choice {
            case .hot: .one
            case .uniform: .uniform(operation.requests.count)
            case .zipf(let exponent): .table(Self.zipf(operation.requests.count, exponent))
            }
        }
        self.random = random
    }

    private static func zipf(_ count: Int, _ exponent: Double) -> [Double] {
        var sums: [Double] = []
        sums.reserveCapacity(count)
        var sum = 0.0
        for rank in 1...max(1, count) {
            sum += pow(Double(rank), -exponent)
            sums.append(sum)
        }
        return sums.map { $0 / sum }
    }

    mutating func next() -> Draw {
        principal = principal + 1 < principals ? principal + 1 : 0
        let operation = nextOperation()
        let key =
            switch keys[operation] {
            case .one: 0
            case .uniform(let count): Int(random.next() % UInt64(count))
            case .table(let sums): Self.rank(of: random.unit(), in: sums)
            }
        return Draw(operation: operation, key: key, principal: principal)
    }

    private mutating func nextOperation() -> Int {
        guard weights.count > 1 else { return 0 }
        var rest = Int(random.next() % UInt64(totalWeight))
        for (index, weight) in weights.enumerated() {
            rest -= weight
            if rest < 0 { return index }
        }
        return weights.count - 1
    }

    /// The first position whose sum exceeds `value`.
    private static func rank(of value: Double, in sums: [Double]) -> Int {
        var (low, high) = (0, sums.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if sums[middle] > value { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

/// A small generator with a seed (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014). It
/// chooses what is asked; nothing secret depends on it.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    /// From 0 up to, not including, 1.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}
