/// What the package's manifest says of its targets.
struct Manifest {
    struct Target {
        let name: String
        let floor: Int
        /// Modules that the target may import.
        var modules: Set<String>
    }

    let targets: [String: Target]
    /// Modules of other packages.
    let products: Set<String>

    /// Reads targets, their floor from the comment above them, and their dependencies by name or by the constant for a
    /// product.
    init(_ lines: [String]) {
        var products: [String: String] = [:]
        var targets: [String: Target] = [:]
        var floor: Int?
        var current: String?
        for line in lines {
            if let match = line.firstMatch(of: /^let (\w+): Target\.Dependency = \.product\(name: "(\w+)"/) {
                products[String(match.1)] = String(match.2)
            }
            if let match = line.firstMatch(of: /\/\/ Floor (\d)/) { floor = Int(match.1) }
            if line.contains(".testTarget(") { (floor, current) = (nil, nil) }
            if line.contains(/\.(target|executableTarget|systemLibrary)\(/) { current = nil }
            guard let floor else { continue }
            if current == nil, let match = line.firstMatch(of: /name: "(\w+)"/) {
                current = String(match.1)
                targets[String(match.1)] = Target(name: String(match.1), floor: floor, modules: [])
            }
            guard let current else { continue }
            let quoted = line.matches(of: /"(\w+)"/).map { String($0.1) }
            let constants = line.matches(of: /\b(\w+)\b/).compactMap { products[String($0.1)] }
            targets[current]?.modules.formUnion(quoted + constants)
        }
        self.targets = targets
        self.products = Set(products.values)
    }
}
