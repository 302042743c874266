import Testing

/// Who may know whom.
@Suite struct FloorTests {
    private let tree = SourceTree.shared
    private let manifest = Manifest(SourceTree.shared.manifest.lines)

    /// The platform's own modules, and where they may be used.
    private static let platform: Set = [
        "Foundation", "FoundationEssentials", "Dispatch", "Glibc", "Musl", "Darwin", "Synchronization",
    ]
    /// Cores without clock, file, socket or chance: their behaviour is a function of what they are given.
    private static let pure: Set = [
        "Raft", "StrictJSON", "CivilDates", "ProtobufCoding", "AccessControl", "PoolState", "NodeEnvironment",
        "HSMNode", "PoolSimulator", "Backup",
    ]
    /// Foundation is for start-up and tools, never for the path of a request. The libraries below replication take
    /// `Data`.
    private static let mayUseFoundation: Set = ["HSMService", "hsmd", "hsmctl", "Replication", "simulate"]

    /// Words without which no line is looked at closely.
    private static let hints = ["Clock", "clock", "Date(", "sleep", "Thread", "andom", "shuffled"]

    @Test func theManifestIsUnderstood() {
        #expect(manifest.targets.count >= 18)
        #expect(manifest.targets["Raft"]?.floor == 0 && manifest.targets["hsmd"]?.floor == 5)
        #expect(manifest.targets["Replication"]?.modules.isSuperset(of: ["Raft", "GRDB", "NIOCore"]) == true)
        #expect(Set(tree.sources.map(\.target)).isSubset(of: manifest.targets.keys))
    }

    @Test func dependenciesPointDownwards() {
        for target in manifest.targets.values {
            for module in target.modules {
                guard let other = manifest.targets[module] else { continue }
                #expect(other.floor <= target.floor, "\(target.name) stands below \(module)")
            }
        }
    }

    @Test func importsAreDeclared() {
        for file in tree.sources {
            let declared = (manifest.targets[file.target]?.modules ?? []).union(Self.platform)
            for (line, module) in file.imports where !declared.contains(module) {
                Issue.record("\(file.path):\(line): \(file.target) imports \(module) without depending on it")
            }
        }
    }

    /// The manifest says what a target needs, and nothing else.
    @Test func dependenciesAreImported() {
        let files = Dictionary(grouping: tree.sources, by: \.target)
        for (name, target) in manifest.targets {
            guard let imported = files[name].map({ Set($0.flatMap { $0.imports.map(\.module) }) }) else { continue }
            for module in target.modules where module != name && !imported.contains(module) {
                let isDependency = manifest.targets[module] != nil || manifest.products.contains(module)
                #expect(!isDependency, "\(name) depends on \(module) without importing it")
            }
        }
    }

    @Test func pureTargetsStayPure() {
        let forbidden: [Regex<Substring>] = [
            /\bClock\.now\b/, /\bDate\(/, /\bclock_gettime\b/, /\bTask\.sleep\b/, /\bThread\b/, /\bgetrandom\b/,
            /\bSystemRandomNumberGenerator\b/, /\brandomElement\(\)/, /\bshuffled\(\)/,
        ]
        for file in tree.sources where Self.pure.contains(file.target) {
            for (line, module) in file.imports {
                let isAllowed = !Self.platform.contains(module) || module == "Synchronization"
                #expect(isAllowed && !module.hasPrefix("NIO"), "\(file.path):\(line): imports \(module)")
                #expect(file.target != "Raft" && file.target != "StrictJSON", "\(file.path):\(line): imports \(module)")
            }
            for (index, line) in file.code.enumerated() where Self.hints.contains(where: { line.contains($0) }) {
                let isChance = line.contains(/\.random\((in:|\))/) && !line.contains("using:")
                let isImpure = isChance || forbidden.contains { line.contains($0) }
                #expect(!isImpure, "\(file.path):\(index + 1): \(line)")
            }
        }
    }

    @Test func foundationStaysAtTheEdge() {
        for file in tree.sources where !Self.mayUseFoundation.contains(file.target) {
            for (line, module) in file.imports {
                #expect(
                    !module.hasPrefix("Foundation") && module != "Dispatch", "\(file.path):\(line): imports \(module)")
            }
        }
    }
}
