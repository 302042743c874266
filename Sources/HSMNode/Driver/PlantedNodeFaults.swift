#if PLANTED_FAULTS
    /// Bugs of the driver, each of which a test or a simulated run has to find.
    public enum PlantedNodeFault: Hashable, Sendable {
        /// A leader proposes what any member forwards, sealed or not.
        case proposalProofUnchecked
    }

    extension NodeDriver {
        func has(fault: PlantedNodeFault) -> Bool { options.plantedFault == fault }
    }
#else
    /// Without planted faults there is nothing to name, and every check for one is false at compile time.
    enum PlantedNodeFault {
        case proposalProofUnchecked
    }

    extension NodeDriver {
        @inline(__always)
        func has(fault: PlantedNodeFault) -> Bool { false }
    }
#endif
