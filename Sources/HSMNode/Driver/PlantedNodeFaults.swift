#if PLANTED_FAULTS
    import Raft

    /// Bugs of the driver, each of which a test or a simulated run has to find, and a hostile driver.
    public enum PlantedNodeFault: String, Hashable, Sendable {
        /// A leader proposes what any member forwards, sealed or not.
        case proposalProofUnchecked
        /// An unsealed node takes entries with whatever tags.
        case entryTagsUnchecked
        /// Not a bug but an attack: a node without the pool's keys keeps the lead that it wins, and writes what it is
        /// asked to under tags that it makes up.
        case writesWhileSealed
        /// A term and the vote in it are two writes, and the answer to the candidate leaves between them.
        case termAndVoteInTwoWrites
        /// What was proposed lately is not stored with the rest of the state: a node that starts again, or is given the
        /// state, takes a repetition for something new.
        case sessionTableLeftOut
        /// A leader raises the pool's version to what it knows itself, whatever the other members know.
        case raisesVersionWithoutAsking
        /// A command is proposed whatever the pool's version.
        case newerCommandsUngated
        /// Entries are acknowledged, and no read waits for them.
        case appendsUnnoted
        /// An unsealed node takes it that its log holds nothing beyond its state.
        case unsealedNotesNothing
        /// Who led forgets that its own proposals may be committed by its successor.
        case formerLeaderNotesNothing
    }

    extension NodeDriver {
        func has(fault: PlantedNodeFault) -> Bool { options.plantedFault == fault }
    }

    /// All that somebody can tag with who has a member's disk and certificate, and not the pool's keys.
    struct InventedTags: StateAuthenticator {
        private static var tag: [UInt8] { [UInt8](repeating: 0x5A, count: 32) }

        func entryTag(term: Term, index: LogIndex, previous: [UInt8], payload: [UInt8]) -> [UInt8] { Self.tag }

        func stateTag(index: LogIndex, term: Term, chainTag: [UInt8], root: [UInt8]) -> [UInt8] { Self.tag }

        func proposalProof(proposer: NodeID, proposalID: [UInt8], command: [UInt8]) -> [UInt8] { Self.tag }

        func tagsAreEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool { true }
    }
#else
    /// Without planted faults there is nothing to name, and every check for one is false at compile time.
    enum PlantedNodeFault {
        case proposalProofUnchecked
        case entryTagsUnchecked
        case writesWhileSealed
        case termAndVoteInTwoWrites
        case sessionTableLeftOut
        case raisesVersionWithoutAsking
        case newerCommandsUngated
        case appendsUnnoted
        case unsealedNotesNothing
        case formerLeaderNotesNothing
    }

    extension NodeDriver {
        @inline(__always)
        func has(fault: PlantedNodeFault) -> Bool { false }
    }
#endif
