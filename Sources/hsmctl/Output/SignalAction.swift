import Foundation

/// What the process does at a signal now.
enum SignalAction {
    /// What the system does with it: nobody has asked for anything else.
    static func isDefault(_ number: Int32) -> Bool { handler(number) == unsafeBitCast(SIG_DFL, to: Int.self) }

    /// Nothing: who has started the tool wants it so, as nohup does.
    static func isIgnored(_ number: Int32) -> Bool { handler(number) == unsafeBitCast(SIG_IGN, to: Int.self) }

    private static func handler(_ number: Int32) -> Int? {
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0 else { return nil }
        // The library has no other way to compare.
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
    }
}
