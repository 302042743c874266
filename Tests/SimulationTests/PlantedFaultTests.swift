import PoolSimulator
import Testing

#if PLANTED_FAULTS
    /// Bugs that were put in on purpose are found, by the check that is there for them.
    @Suite struct PlantedFaultTests {
        /// Those that take few seeds from seed 1 on. `deploy/simulate controls` measures all.
        static let quick = NegativeControl.all.filter { !slow.contains($0.fault.name) }
        private static let slow: Set = [
            "leaseFloorAtReceipt", "leaseFloorIgnored", "leaseCountedFromReceipt", "answerTimeClearedByVote",
            "restartedElectorSaysNever",
        ]

        @Test(arguments: quick) func isFound(control: NegativeControl) throws {
            let count = try #require(control.seedsToDetection(from: 1), "goes unnoticed")
            // It is the fault that was found, and nothing else that is wrong with this seed.
            var sound = control.profile
            sound.plantedFault = nil
            #expect(Simulation(seed: count, profile: sound).run().violation == nil)
        }
    }
#endif
