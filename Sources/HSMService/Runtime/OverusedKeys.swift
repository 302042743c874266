import CryptographicModule
import PoolState
import StrictJSON

/// Key versions that have encrypted so often with AES-GCM that a new version should take over.
enum OverusedKeys {
    /// Says which of the keys that this node has encrypted with should be rotated.
    static func raiseAlarms(of module: CryptographicModule, in state: PoolState, to alarms: AlarmJournal) {
        for alarm in self.alarms(for: module.keysToReplace(), in: state) { alarms.log(alarm) }
    }

    /// - Parameter versions: ids of versions, 16 bytes each.
    /// - Returns: an alarm for each that is still the newest of a key. An older one, or one of a key that is gone,
    ///   needs nothing any more.
    static func alarms(for versions: [[UInt8]], in state: PoolState) -> [String] {
        guard !versions.isEmpty else { return [] }
        let overused = Set(versions)
        var alarms: [String] = []
        var last: String?
        while alarms.count < overused.count {
            let page = state.keys(after: last, limit: 500)
            guard let end = page.last else { break }
            last = end.name
            for key in page where overused.contains(key.latest.version) {
                alarms.append(
                    "the key '\(key.name)' (version \(Hexadecimal.encode(key.latest.version))) has made more than 2^32 "
                        + "AES-GCM encryptions on this node: rotate it")
            }
        }
        return alarms
    }
}
