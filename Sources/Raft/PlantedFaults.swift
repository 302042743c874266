#if PLANTED_FAULTS && !DEBUG
    #error("No release build contains planted faults.")
#endif

#if PLANTED_FAULTS
    extension Raft {
        func has(fault: PlantedFault) -> Bool { options.plantedFault == fault }
    }

    extension Raft.Options {
        func has(fault: PlantedFault) -> Bool { plantedFault == fault }
    }
#else
    /// Without planted faults there is nothing to name, and every check for one is false at compile time.
    enum PlantedFault {
        case commitEarlierTermByCounting
        case noNoOpAtTermStart
        case readIndexCountsEarlierAcks
        case readIndexBeforeTermCommit
        case configurationNotRolledBack
        case leaseWithoutRound
        case leaseByEarlierRound
        case leaseBeforeTermCommit
        case leaseCountedFromReceipt
        case leaseBookedWithoutDrift
        case leaseFloorAtReceipt
        case releasedOnCommit
        case leaseNotBooked
        case restartedElectorSaysNever
        case ownReignIsNoAnswer
        case newLeaderDoesNotWait
        case answerTimeClearedByVote
        case onlyLeaseRoundsAreAnswers
        case removedNotWaitedFor
        case leaseBeforeAdmission
        case jointQuorumByOneHalf
        case appliesPastCommit
    }

    extension Raft {
        @inline(__always)
        func has(fault: PlantedFault) -> Bool { false }
    }

    extension Raft.Options {
        @inline(__always)
        func has(fault: PlantedFault) -> Bool { false }
    }
#endif
