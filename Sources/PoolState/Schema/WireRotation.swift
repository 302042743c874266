extension RotationRules: WireConvertible {
    var wire: WireRotationRules {
        var wire = WireRotationRules()
        if let expiry {
            wire.expiry = expiry.text
        }
        switch trigger {
        case .afterCreation(let duration): wire.afterCreation = duration.text
        case .beforeExpiry(let duration): wire.beforeExpiry = duration.text
        case nil: break
        }
        return wire
    }

    init(wire: WireRotationRules) throws {
        let trigger: Trigger? =
            switch wire.trigger {
            case .afterCreation(let text): .afterCreation(try RotationRules.duration(text))
            case .beforeExpiry(let text): .beforeExpiry(try RotationRules.duration(text))
            case nil: nil
            }
        self.init(expiry: wire.hasExpiry ? try RotationRules.duration(wire.expiry) : nil, trigger: trigger)
    }

    private static func duration(_ text: String) throws(NotConvertible) -> CalendarDuration {
        guard let duration = CalendarDuration(text) else { throw NotConvertible() }
        return duration
    }
}
