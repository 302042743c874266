#if PLANTED_FAULTS && !DEBUG
    #error("No release build contains planted faults.")
#endif

#if PLANTED_FAULTS
    extension Raft {
        func has(fault: PlantedFault) -> Bool { options.plantedFault == fault }
    }
#else
    /// Without planted faults there is nothing to name, and every check for one is false at compile time.
    enum PlantedFault {
        case commitEarlierTermByCounting
        case noNoOpAtTermStart
        case readIndexCountsEarlierAcks
        case readIndexBeforeTermCommit
        case configurationNotRolledBack
    }

    extension Raft {
        @inline(__always)
        func has(fault: PlantedFault) -> Bool { false }
    }
#endif
