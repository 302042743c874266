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

    init(_ section: ConfigurationSection?, _ resolve: (String) -> String) throws(ConfigurationError) {
        try section?.allow(only: ["directory", "blob_hosts", "authority_file"])
        directory = try section?.optionalString("directory").map(resolve)
        blobHosts = try section?.optionalStrings("blob_hosts") ?? []
        authorityFile = try section?.optionalString("authority_file").map(resolve)
        guard let section else { return }
        do throws(BackupStoreFault) {
            _ = try AllowedHosts(blobHosts)
        } catch {
            throw section.error(
                "blob_hosts", "has an element that is neither host nor host:port",
                cure: "Write it like blob.core.windows.net, without https://.")
        }
    }

    func stores() throws(BackupStoreFault) -> ConfiguredStores {
        let blobs = try blobHosts.isEmpty
            ? nil : BlobStore(allowed: AllowedHosts(blobHosts), authorityFile: authorityFile)
        return ConfiguredStores(directory: directory.map { DirectoryStore(root: $0) }, blobs: blobs)
    }
}
