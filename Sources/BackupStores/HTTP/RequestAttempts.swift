/// How often a request to a store is sent before the failure, which might have passed, is the job's.
public struct RequestAttempts: Sendable, Equatable {
    /// What a configuration may ask for.
    public static let allowed = 1...20
    /// What holds where a configuration says nothing.
    public static let usual = RequestAttempts(known: 5)

    let count: Int

    private init(known: Int) { count = known }

    /// `nil` outside of ``allowed``.
    public init?(_ count: Int) {
        guard Self.allowed.contains(count) else { return nil }
        self.count = count
    }
}
