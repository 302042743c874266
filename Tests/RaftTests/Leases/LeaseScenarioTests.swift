import Raft
import Testing

@Suite struct LeaseScenarioTests {
    @Test(arguments: LeaseScenario.all)
    func holds(scenario: LeaseScenario) throws {
        #expect(try scenario.holds { _ in })
    }

    #if PLANTED_FAULTS
        /// Each scenario fails by the bugs that it is there for.
        @Test(arguments: LeaseScenario.all)
        func isBroken(scenario: LeaseScenario) throws {
            for name in scenario.brokenBy {
                let fault = try #require(PlantedFault(rawValue: name))
                let held = try scenario.holds { $0.plantedFault = fault }
                #expect(!held, "\(fault) goes unnoticed")
            }
        }

        @Test func everyBugOfLeasesHasItsScenario() {
            let covered = Set(LeaseScenario.all.flatMap(\.brokenBy))
            let known = Set(PlantedFault.allCases.filter(\.isAboutLeases).map(\.rawValue))
            #expect(covered == known)
        }
    #endif
}
