/// Whether something that happens in its own time has come true.
///
/// A test's verdict must not depend on how busy the machine is: the limit of five minutes only matters when the test
/// fails.
public func eventually(_ condition: () throws -> Bool) async -> Bool {
    let end = ContinuousClock.now + .seconds(300)
    while true {
        if (try? condition()) == true { return true }
        guard ContinuousClock.now < end, !Task.isCancelled else { return false }
        try? await Task.sleep(for: .milliseconds(5))
    }
}
