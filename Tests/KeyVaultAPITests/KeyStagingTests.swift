import Testing

@testable import KeyVaultAPI

/// How a restore divides a key.
@Suite struct KeyStagingTests {
    @Test func aKeyIsDividedByTheSizesOfItsVersions() {
        let divisions: [([Int], [Range<Int>])] = [
            ([], []), ([1], [0..<1]), ([4, 6], [0..<2]), ([4, 7], [0..<1, 1..<2]),
            ([5, 5, 5, 5, 1], [0..<2, 2..<4, 4..<5]), ([11], [0..<1]), ([1, 11, 1], [0..<1, 1..<2, 2..<3]),
        ]
        for (sizes, parts) in divisions { #expect(KeyStaging.parts(of: sizes, limit: 10) == parts, "\(sizes)") }
    }
}
