import HSMNode
import PoolState

#if DEBUG
    import Foundation

    /// In a debug build the environment can make another member of a node, for tests with real processes: it names a
    /// `PlantedNodeFault`, or a former program. A release build holds nothing of this.
    enum PlantedMember {
        private static let variable = "QUORATE_PLANTED_FAULT"
        /// A program that knows the first version of a pool and no later one.
        private static let formerProgram = "formerProgram"

        private static var name: String? { ProcessInfo.processInfo.environment[variable] }

        static func altered(_ options: NodeOptions) throws -> NodeOptions {
            guard let name else { return options }
            var options = options
            if name == formerProgram {
                options.catalog = CommandCatalog(newest: .first, since: CommandCatalog.current.since)
                return options
            }
            guard let fault = PlantedNodeFault(rawValue: name) else {
                throw ConfigurationError(
                    file: variable, problem: "there is no fault '\(name)'", cure: "See PlantedNodeFault, or unset it.")
            }
            options.plantedFault = fault
            return options
        }

        /// Whether the node never asks for the pool's keys.
        static var staysSealed: Bool { name == PlantedNodeFault.writesWhileSealed.rawValue }
    }
#else
    enum PlantedMember {
        static func altered(_ options: NodeOptions) throws -> NodeOptions { options }

        static var staysSealed: Bool { false }
    }
#endif
