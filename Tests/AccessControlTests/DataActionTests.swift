import AccessControl
import Testing

@Suite struct DataActionTests {
    @Test func namesAreDistinctAndParse() {
        #expect(Set(DataAction.allCases.map(\.name)).count == DataAction.allCases.count)
        for action in DataAction.allCases {
            #expect(DataAction(name: action.name) == action)
            #expect(DataAction(name: action.name.uppercased()) == action)
        }
        #expect(DataAction(name: "*") == nil)
        #expect(DataAction(name: "Microsoft.KeyVault/managedHsm/keys/unknown/action") == nil)
    }

    @Test(arguments: [
        ("*", 40), ("Microsoft.KeyVault/managedHsm/*", 40), ("microsoft.keyvault/MANAGEDHSM/keys/*", 20),
        ("Microsoft.KeyVault/managedHsm/keys/*/action", 17), ("*/sign/*", 1), ("*keys/create", 1), ("**", 40),
        ("Microsoft.KeyVault/managedHsm/keys/deletedKeys/*", 3), ("Microsoft.KeyVault/managedHsm/keys/sign/action*", 1),
        ("Microsoft.KeyVault/managedHsm/keys/sign/action/*", 0), ("", 0), ("Microsoft.KeyVault/vaults/*", 0),
        ("keys/sign/action", 0),
    ])
    func patterns(_ text: String, _ count: Int) {
        #expect(Array(DataActionPattern(text).actions).count == count, "\(text)")
    }

    /// Matching by trying every split: slow, but plainly right.
    private func reference(_ pattern: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
        guard let first = pattern.first else { return name.isEmpty }
        if first == UInt8(ascii: "*") {
            return reference(pattern.dropFirst(), name) || (!name.isEmpty && reference(pattern, name.dropFirst()))
        }
        return name.first == first && reference(pattern.dropFirst(), name.dropFirst())
    }

    @Test func patternsMatchLikeTheReference() {
        var random = SplitMix(seed: 11)
        for _ in 0..<300 {
            let base = Array(DataAction.allCases.randomElement(using: &random)!.name.lowercased().utf8)
            var pattern: [UInt8] = []
            var position = 0
            while position < base.count {
                switch Int.random(in: 0..<12, using: &random) {
                case 0:
                    pattern.append(UInt8(ascii: "*"))
                    position += Int.random(in: 0..<12, using: &random)
                case 1 where Int.random(in: 0..<10, using: &random) == 0:
                    pattern.append(UInt8(ascii: "s"))
                    position += 1
                default:
                    pattern.append(base[position])
                    position += 1
                }
            }
            let text = String(decoding: pattern, as: UTF8.self)
            let expected = DataAction.allCases.filter { reference(pattern[...], Array($0.name.lowercased().utf8)[...]) }
            #expect(Array(DataActionPattern(text).actions) == expected, "\(text)")
        }
    }

    @Test func manyWildcardsAreNoTrap() {
        let pattern = String(repeating: "*a", count: 100_000)
        #expect(DataActionPattern(pattern).actions.isEmpty)
    }

    @Test func exclusionsAreTakenAway() {
        let role = RoleDefinition(
            id: GUID(high: 1, low: 1), name: "no purge",
            dataActions: ["Microsoft.KeyVault/managedHsm/keys/deletedKeys/*"],
            notDataActions: ["*/deletedKeys/delete"])
        #expect(Array(role.effectiveDataActions) == [.deletedKeysRead, .deletedKeysRecover])
    }
}

/// A small generator with a seed, so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }
}
