import Backup
import BackupStores
import Foundation

/// The places that a node may bring backups to and take them from. None, where its file names none.
struct BackupPlaces: Sendable {
    /// A directory of this machine, or mounted there.
    let directory: String?
    /// Blob services, each `host` or `host:port`; a host stands for all below it, too.
    let blobHosts: [String]
    /// PEM of the authorities that sign these hosts' certificates; nil for the system's.
    let authorityFile: String?
    let buckets: [BucketPlace]
    let identity: IdentityEndpoint?
    /// How often a request to one of these hosts or buckets is sent at most.
    let attempts: RequestAttempts

    init(_ section: ConfigurationSection?, _ resolve: (String) -> String) throws(ConfigurationError) {
        try section?.allow(only: ["directory", "blob_hosts", "authority_file", "s3", "managed_identity", "attempts"])
        directory = try section?.optionalString("directory").map(resolve)
        blobHosts = try section?.optionalStrings("blob_hosts") ?? []
        authorityFile = try section?.optionalString("authority_file").map(resolve)
        buckets = try Self.buckets(section, resolve)
        let count = try section?.optionalInteger("attempts", in: RequestAttempts.allowed)
        attempts = count.flatMap { RequestAttempts($0) } ?? .usual
        if let part = try section?.optionalSection("managed_identity") {
            identity = try Self.identity(part, resolve)
        } else {
            identity = nil
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

    private static func buckets(
        _ section: ConfigurationSection?, _ resolve: (String) -> String
    ) throws(ConfigurationError) -> [BucketPlace] {
        guard let section, section.line(ofPresent: "s3") != nil else { return [] }
        var places: [BucketPlace] = []
        for one in try section.sections("s3") {
            let place = try BucketPlace(one, resolve)
            for bucket in place.buckets where places.contains(where: { $0.buckets.contains(bucket) }) {
                throw one.error("buckets", "has '\(bucket)' a second time", cure: "Name each bucket once.")
            }
            places.append(place)
        }
        return places
    }

    private static let example = IdentityEndpoint.instanceMetadata

    private static func identity(
        _ section: ConfigurationSection, _ resolve: (String) -> String
    ) throws(ConfigurationError) -> IdentityEndpoint {
        try section.allow(only: ["endpoint", "header_file", "from_environment", "client_id"])
        let clientID = try section.optionalString("client_id")
        var url = try section.optionalString("endpoint")
        var secret: String?
        if let file = try section.optionalString("header_file") {
            secret = try readGuarded(file: resolve(file), limit: 4096).trimmingCharacters(in: .whitespacesAndNewlines)
        }
        if try section.optionalBool("from_environment") == true {
            let environment = ProcessInfo.processInfo.environment
            guard url == nil, secret == nil else {
                throw section.error(
                    "from_environment", "stands beside 'endpoint' or 'header_file'", cure: "Keep one of them.")
            }
            (url, secret) = (environment["IDENTITY_ENDPOINT"], environment["IDENTITY_HEADER"])
            guard url != nil, secret != nil else {
                throw section.error(
                    "from_environment", "finds no IDENTITY_ENDPOINT and IDENTITY_HEADER",
                    cure: "Omit it on a virtual machine; a hosting environment sets both.")
            }
        }
        do throws(BackupStoreFault) {
            return try IdentityEndpoint(
                url: url ?? IdentityEndpoint.instanceMetadata, secret: secret, clientID: clientID)
        } catch {
            throw section.error("endpoint", "can't be used: \(error)", cure: "Write it like \(example).")
        }
    }

    func stores() throws(BackupStoreFault) -> ConfiguredStores {
        let known = identity.map { ManagedIdentity($0) { SystemClock().unixMilliseconds() / 1000 } }
        let blobs = try blobHosts.isEmpty
            ? nil
            : BlobStore(
                allowed: AllowedHosts(blobHosts), identity: known, authorityFile: authorityFile, attempts: attempts)
        var stores: [S3Store] = []
        for bucket in buckets { stores.append(try bucket.store(attempts)) }
        return ConfiguredStores(
            directory: directory.map { DirectoryStore(root: $0) }, blobs: blobs, buckets: stores)
    }
}

extension NodeConfiguration {
    /// The stores that ``backups`` names.
    func backupStores() throws(ConfigurationError) -> ConfiguredStores {
        do throws(BackupStoreFault) {
            return try backups.stores()
        } catch {
            throw ConfigurationError(
                file: file, problem: "'backups' can't be used: \(error)",
                cure: "An authority_file holds PEM certificates and is readable for this user.")
        }
    }
}

/// Buckets of one S3-compatible service.
struct BucketPlace: Sendable {
    let service: S3Service
    let buckets: [String]
    let credentialsFile: String
    let authorityFile: String?

    init(_ section: ConfigurationSection, _ resolve: (String) -> String) throws(ConfigurationError) {
        try section.allow(
            only: ["endpoint", "region", "buckets", "style", "part_mib", "credentials_file", "authority_file"])
        let styles = S3Service.Style.allCases.map(\.rawValue)
        let style = try section.optionalString("style") ?? S3Service.Style.virtualHost.rawValue
        guard let known = S3Service.Style(rawValue: style) else {
            throw section.error("style", "is '\(style)'", cure: "Use one of \(styles.joined(separator: ", ")).")
        }
        buckets = try section.optionalStrings("buckets") ?? []
        guard !buckets.isEmpty else {
            throw section.error("buckets", "is missing or empty", cure: "Add 'buckets: [NAME]': only these are used.")
        }
        credentialsFile = resolve(try section.string("credentials_file", example: "s3.credentials"))
        authorityFile = try section.optionalString("authority_file").map(resolve)
        let endpoint = try section.string("endpoint", example: "s3.eu-central-1.example.com")
        let region = try section.string("region", example: "eu-central-1")
        let part = try section.optionalInteger("part_mib", in: S3Service.partSizes) ?? 8
        do throws(BackupStoreFault) {
            service = try S3Service(
                endpoint: endpoint, region: region, buckets: buckets, style: known, partMebibytes: part)
        } catch {
            throw section.error(
                "endpoint", "with its region and buckets can't be used: \(error)",
                cure: "Write host or host:port, without https://.")
        }
        // Found out now rather than in the first night.
        let text = try readGuarded(file: credentialsFile, limit: 64 << 10)
        do throws(BackupStoreFault) {
            try S3Credentials.check(file: text)
        } catch {
            throw section.error(
                "credentials_file", "can't be used: \(error)", cure: "Write it like the store's own tools do.")
        }
    }

    func store(_ attempts: RequestAttempts) throws(BackupStoreFault) -> S3Store {
        let file = credentialsFile
        return try S3Store(service, authorityFile: authorityFile, attempts: attempts) { () throws(BackupStoreFault) in
            let text: String
            do throws(ConfigurationError) {
                text = try readGuarded(file: file, limit: 64 << 10)
            } catch {
                throw .credentialsUnusable("the file \(error.problem)")
            }
            return try S3Credentials(file: text)
        }
    }
}
