/// What callers have left for the driver, and who calls the driver to it: not one too many, since its thread
/// interrupts others, and never none.
struct Mailbox<Mail> {
    private var mail: [Mail] = []
    private var isDriverCalled = false
    /// Event loops that will look once more when they have dealt with all that has reached them.
    private var promised: [ObjectIdentifier] = []

    /// Leaves something that can't wait.
    ///
    /// - Returns: whether the driver is to be called.
    mutating func post(_ item: Mail) -> Bool {
        mail.append(item)
        return call()
    }

    /// Leaves something that can wait until the caller has dealt with all that has reached it, and so shares a step.
    ///
    /// - Returns: whether the caller is to come back with ``keepPromise(of:)`` then.
    mutating func post(_ item: Mail, atEndOfTurnOf caller: ObjectIdentifier) -> Bool {
        mail.append(item)
        guard !isDriverCalled, !promised.contains(caller) else { return false }
        promised.append(caller)
        return true
    }

    /// The caller has dealt with all that had reached it.
    ///
    /// - Returns: whether the driver is to be called.
    mutating func keepPromise(of caller: ObjectIdentifier) -> Bool {
        promised.removeAll { $0 == caller }
        return mail.isEmpty ? false : call()
    }

    /// All that was left, in order, for the driver that was called.
    mutating func take() -> [Mail] {
        isDriverCalled = false
        defer { mail = [] }
        return mail
    }

    private mutating func call() -> Bool {
        defer { isDriverCalled = true }
        return !isDriverCalled
    }
}
