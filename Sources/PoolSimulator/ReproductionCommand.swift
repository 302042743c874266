/// A run as a command line that repeats it.
extension Simulation {
    /// For `deploy/simulate`, from the project's folder.
    public var command: String {
        var words = ["deploy/simulate --trace --profile \(profile.name) --seeds \(seed)..\(seed)"]
        if let base = SimulationProfile.all.first(where: { $0.name == profile.name }) {
            for setting in SimulationProfile.settings {
                let value = profile[keyPath: setting.path]
                if value != base[keyPath: setting.path] { words.append("--set \(setting.name)=\(value)") }
            }
            if profile.meanExtraDelay != base.meanExtraDelay {
                words.append("--set meanExtraDelay=\(profile.meanExtraDelay)")
            }
        }
        if let misfortunes = profile.misfortunes {
            words.append("--misfortunes " + misfortunes.sorted().map(String.init).joined(separator: ","))
        }
        if let fault = profile.plantedFault { words.append("--fault \(fault.name)") }
        return words.joined(separator: " ")
    }
}

extension SimulationProfile {
    fileprivate struct Setting {
        let name: String
        let path: any WritableKeyPath<SimulationProfile, Int> & Sendable
    }

    /// What shrinking changes.
    fileprivate static var settings: [Setting] {
        [
            Setting(name: "coups", path: \.coups), Setting(name: "duplication", path: \.duplication),
            Setting(name: "loss", path: \.loss), Setting(name: "entryLoss", path: \.entryLoss),
            Setting(name: "repeats", path: \.repeats),
        ]
    }

    /// Carries out `name=value` as a printed command has it; false if there is no such setting.
    public mutating func change(_ text: String) -> Bool {
        let parts = text.split(separator: "=", maxSplits: 1)
        guard parts.count == 2 else { return false }
        if parts[0] == "meanExtraDelay", let value = UInt64(parts[1]) {
            meanExtraDelay = value
            return true
        }
        guard let setting = Self.settings.first(where: { $0.name == parts[0] }), let value = Int(parts[1]) else {
            return false
        }
        self[keyPath: setting.path] = value
        return true
    }
}
