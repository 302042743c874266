/// By what rules a key gets new versions, and how long each is valid.
public struct RotationRules: Hashable, Sendable {
    /// When the pool makes a new version by itself.
    public enum Trigger: Hashable, Sendable {
        /// So long after the newest version was made.
        case afterCreation(CalendarDuration)
        /// So long before the newest version expires; never where it doesn't expire.
        case beforeExpiry(CalendarDuration)
    }

    /// How long a version that a rotation makes is valid; `nil` for ever.
    public var expiry: CalendarDuration?
    /// `nil` where new versions are made on demand only.
    public var trigger: Trigger?

    public init(expiry: CalendarDuration?, trigger: Trigger?) {
        self.expiry = expiry
        self.trigger = trigger
    }

    /// The shortest time between two rotations: 28 days.
    public static let shortestPeriod: Int64 = 28 * 86_400

    /// Why rules can't be set.
    public enum Problem: Hashable, Sendable {
        case expiryTooShort
        case triggerTooEarly
        case triggerNeedsExpiry
        /// Less than ``shortestPeriod`` would lie between a version's beginning and its rotation.
        case triggerTooLongBeforeExpiry
    }

    /// What keeps a key from having these rules; `nil` if nothing does. Years count 365 days for it, months 30.
    public var problem: Problem? {
        if let expiry, expiry.nominalSeconds < Self.shortestPeriod { return .expiryTooShort }
        switch trigger {
        case nil: return nil
        case .afterCreation(let duration):
            return duration.nominalSeconds < Self.shortestPeriod ? .triggerTooEarly : nil
        case .beforeExpiry(let duration):
            guard let expiry else { return .triggerNeedsExpiry }
            let rest = expiry.nominalSeconds - duration.nominalSeconds
            return rest < Self.shortestPeriod ? .triggerTooLongBeforeExpiry : nil
        }
    }
}

/// A key's rotation rules and when they were set, Unix time in seconds.
public struct RotationPolicy: Hashable, Sendable {
    public let rules: RotationRules
    /// When the key came to have rules: they were set where it had none, or restored with it.
    public let created: Int64
    /// When these rules were set, or restored.
    public let updated: Int64
}

extension KeyRecord {
    /// Whether the key's rules ask for a new version at a time (Unix, in seconds). Never for a disabled or deleted
    /// key, or for one that can't have more versions.
    public func isRotationDue(at now: Int64) -> Bool {
        guard deletion == nil, latest.enabled, versions.count < PoolLimits.versionsPerKey,
            let trigger = rotation?.rules.trigger
        else { return false }
        switch trigger {
        case .afterCreation(let duration): return duration.after(latest.created) <= now
        case .beforeExpiry(let duration): return latest.expires.map { duration.before($0) <= now } ?? false
        }
    }
}
