public import NodeEnvironment

/// A small generator (SplitMix64, Steele and others 2014): what a simulation leaves to chance comes from here.
public final class SimulatedRandom: NodeRandom {
    private var state: UInt64

    /// Equal seeds give equal sequences.
    public init(seed: UInt64) {
        state = seed
    }

    public func uint64() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    public func bytes(_ count: Int) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(count + 7)
        while result.count < count {
            let word = uint64()
            for shift in stride(from: UInt64(0), to: 64, by: 8) {
                result.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        result.removeLast(result.count - count)
        return result
    }

    /// A generator of its own, so that what one part of the world draws doesn't shift what another gets.
    func fork() -> SimulatedRandom { SimulatedRandom(seed: uint64()) }

    /// A number in `0 ..< bound`, for a positive bound.
    func below(_ bound: Int) -> Int {
        Int(truncatingIfNeeded: UInt64(bound).multipliedFullWidth(by: uint64()).high)
    }

    func within(_ range: ClosedRange<UInt64>) -> UInt64 {
        let width = range.upperBound - range.lowerBound + 1
        return range.lowerBound + width.multipliedFullWidth(by: uint64()).high
    }

    /// True with the given probability in parts of a million.
    func chance(_ partsPerMillion: Int) -> Bool {
        partsPerMillion > 0 && below(1_000_000) < partsPerMillion
    }

    func element<Element>(of list: [Element]) -> Element? {
        list.isEmpty ? nil : list[below(list.count)]
    }

    /// A waiting time with about an exponential distribution: −log₂ of a random fraction by its leading zeros and a
    /// linear rest, times ln 2.
    func exponential(mean: UInt64) -> UInt64 {
        let zeros = UInt64(min(20, uint64().leadingZeroBitCount))
        let rest = uint64() >> 54
        return mean * (zeros * 1024 + rest) / 1024 * 710 / 1024
    }
}
