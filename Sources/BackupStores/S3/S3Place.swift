public import Backup

/// `s3://BUCKET/PREFIX`: where in which bucket.
struct S3Place: Hashable {
    let bucket: String
    /// Without slashes at either end; may be empty.
    let prefix: String

    init(_ uri: String) throws(BackupStoreFault) {
        let scheme = "s3://"
        guard uri.hasPrefix(scheme) else { throw .invalidAddress("it doesn't begin with 's3://'") }
        let parts = uri.dropFirst(scheme.count).split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first.map(String.init), Self.isBucket(name) else {
            throw .invalidAddress("write it as s3://BUCKET/PREFIX")
        }
        var prefix = parts.count == 2 ? parts[1] : ""
        while prefix.last == "/" { prefix.removeLast() }
        guard prefix.isEmpty || BackupPath.segments(prefix) != nil else {
            throw .invalidAddress("its prefix has more than letters, digits, '-', '_', '.' and '$' between slashes")
        }
        bucket = name
        self.prefix = String(prefix)
    }

    var uri: String { prefix.isEmpty ? "s3://\(bucket)" : "s3://\(bucket)/\(prefix)" }

    /// The key of an object, in the bucket.
    func key(_ name: String) -> String { prefix.isEmpty ? name : "\(prefix)/\(name)" }

    /// 3 to 63 lower-case letters, digits, `-` and `.`, a letter or digit at each end.
    static func isBucket(_ name: String) -> Bool {
        func isAlphanumeric(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte) }
        guard (3...63).contains(name.utf8.count), !name.contains("..") else { return false }
        return name.utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x2d || $0 == 0x2e }
            && name.utf8.first.map(isAlphanumeric) == true && name.utf8.last.map(isAlphanumeric) == true
    }
}

/// How one S3-compatible service is reached, and which of its buckets may be used.
public struct S3Service: Sendable {
    /// Where a bucket's name stands.
    public enum Style: String, CaseIterable, Sendable {
        /// `https://HOST/BUCKET/KEY`
        case path
        /// `https://BUCKET.HOST/KEY`
        case virtualHost = "virtual-host"
    }

    /// What stores accept as the size of a part, in MiB.
    public static let partSizes = 5...1024

    let host: String
    let port: Int
    let region: String
    let buckets: [String]
    let style: Style
    let partBytes: Int

    /// - Parameters:
    ///   - endpoint: `host` or `host:port`.
    ///   - partMebibytes: of multipart uploads; of ``partSizes``.
    public init(
        endpoint: String, region: String, buckets: [String], style: Style, partMebibytes: Int = 8
    ) throws(BackupStoreFault) {
        let address = try BlobAddress("https://\(endpoint)/bucket")
        guard address.path == "bucket" else { throw .invalidAddress("the endpoint is more than host and port") }
        guard (1...64).contains(region.utf8.count),
            region.utf8.allSatisfy({ (0x61...0x7a).contains($0 | 0x20) || (0x30...0x39).contains($0) || $0 == 0x2d })
        else { throw .invalidAddress("the region has more than letters, digits and '-'") }
        guard Self.partSizes.contains(partMebibytes) else {
            throw .invalidAddress("a part has 5 to 1024 MiB")
        }
        for bucket in buckets {
            guard S3Place.isBucket(bucket) else { throw .invalidAddress("'\(bucket)' isn't the name of a bucket") }
            // A certificate for *.HOST doesn't cover it.
            guard style == .path || !bucket.contains(".") else {
                throw .invalidAddress("the bucket '\(bucket)' has a dot: use the style 'path'")
            }
        }
        (host, port) = (address.host, address.port)
        (self.region, self.buckets, self.style) = (region, buckets, style)
        partBytes = partMebibytes << 20
    }

    /// Host and path of an object's URL; the path isn't encoded.
    func location(_ bucket: String, _ key: String) -> (authority: String, path: String) {
        let name = style == .path ? host : "\(bucket).\(host)"
        let authority = port == 443 ? name : "\(name):\(port)"
        return (authority, style == .path ? "/\(bucket)/\(key)" : "/\(key)")
    }
}
