import Backup
import BackupStores

/// The places that a node may bring backups to and take them from. None, where its file names none.
struct BackupPlaces: Sendable {
    /// A directory of this machine, or mounted there.
    let directory: String?
    /// Blob services, each `host` or `host:port`; a host stands for all below it, too.
    let blobHosts: [String]
    /// PEM of the authorities that sign these hosts' certificates; nil for the system's.
    let authorityFile: String?

    /// Backups that the pool makes by itself, on whichever node leads; none where the file names none.
    let schedule: BackupSchedule?

    init(_ section: ConfigurationSection?, _ resolve: (String) -> String) throws(ConfigurationError) {
        try section?.allow(only: ["directory", "blob_hosts", "authority_file", "schedule"])
        directory = try section?.optionalString("directory").map(resolve)
        blobHosts = try section?.optionalStrings("blob_hosts") ?? []
        authorityFile = try section?.optionalString("authority_file").map(resolve)
        schedule = try section?.optionalSection("schedule").map { (inner) throws(ConfigurationError) in
            try Self.schedule(inner, resolve)
        }
        guard let section else { return }
        do throws(BackupStoreFault) {
            _ = try AllowedHosts(blobHosts)
        } catch {
            throw section.error(
                "blob_hosts", "has an element that is neither host nor host:port",
                cure: "Write it like blob.core.windows.net, without https://.")
        }
    }

    private static func schedule(
        _ section: ConfigurationSection, _ resolve: (String) -> String
    ) throws(ConfigurationError) -> BackupSchedule {
        try section.allow(only: ["container", "token_file", "every", "alarm_after", "hourly", "daily", "weekly"])
        let interval = try seconds(section, "every") ?? 3600
        var container = try section.string("container", example: "file:///scheduled")
        while container.last == "/" { container.removeLast() }
        return BackupSchedule(
            container: container,
            tokenFile: try section.optionalString("token_file").map(resolve), interval: interval,
            alarmAge: try seconds(section, "alarm_after") ?? 3 * interval,
            retention: BackupRetention(
                hourly: try section.optionalInteger("hourly", in: 0...1000) ?? 24,
                daily: try section.optionalInteger("daily", in: 0...1000) ?? 7,
                weekly: try section.optionalInteger("weekly", in: 0...1000) ?? 5))
    }

    /// A whole number and its unit: s, m, h or d.
    private static func seconds(
        _ section: ConfigurationSection, _ name: String
    ) throws(ConfigurationError) -> Int64? {
        guard let text = try section.optionalString(name) else { return nil }
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()),
            (1...100_000).contains(count)
        else { throw section.error(name, "is '\(text)'", cure: "Write a number and s, m, h or d, for example 1h.") }
        return count * unit
    }

    func stores() throws(BackupStoreFault) -> ConfiguredStores {
        let blobs = try blobHosts.isEmpty
            ? nil : BlobStore(allowed: AllowedHosts(blobHosts), authorityFile: authorityFile)
        return ConfiguredStores(directory: directory.map { DirectoryStore(root: $0) }, blobs: blobs)
    }
}
