public import Backup
import CryptographicModule

/// What a node opens an S3-compatible store with.
public struct S3Credentials: Sendable, CustomStringConvertible {
    let accessKeyID: String
    /// `AWS4` and the secret access key: what signing keys are derived from.
    let signingSecret: SecretKey
    /// Of temporary credentials.
    let sessionToken: String?

    /// The type alone: what prints a value must not print a secret.
    public var description: String { "S3Credentials" }

    init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil) throws(BackupStoreFault) {
        self.accessKeyID = accessKeyID
        self.sessionToken = sessionToken
        do {
            signingSecret = SecretKey(
                consuming: try Secret(copying: Array(("AWS4" + secretAccessKey).utf8)), id: Array(accessKeyID.utf8))
        } catch {
            throw .failed("there is no memory for a secret")
        }
    }

    /// Reads the profile `default` of a credentials file, as the tools of these stores write it.
    ///
    /// - Throws: what is missing; never what is there.
    public init(file text: String) throws(BackupStoreFault) {
        let read = try Self.read(text)
        try self.init(accessKeyID: read.id, secretAccessKey: read.secret, sessionToken: read.token)
    }

    /// Whether a file could be read; needs none of the memory for secrets, which a node's start has only later.
    public static func check(file text: String) throws(BackupStoreFault) { _ = try read(text) }

    private static func read(
        _ text: String
    ) throws(BackupStoreFault) -> (id: String, secret: String, token: String?) {
        var values: [Substring: Substring] = [:]
        var isInProfile = true
        for line in text.split(whereSeparator: \.isNewline) {
            let line = trimmed(line)
            if line.isEmpty || line.first == "#" || line.first == ";" { continue }
            if line.first == "[" {
                isInProfile = line == "[default]"
                continue
            }
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard isInProfile, parts.count == 2 else { continue }
            values[trimmed(parts[0])] = trimmed(parts[1])
        }
        let token = values["aws_session_token"]
        guard let id = values["aws_access_key_id"], let secret = values["aws_secret_access_key"] else {
            throw .credentialsUnusable("the file has no aws_access_key_id and aws_secret_access_key under [default]")
        }
        guard isPlain(id, 128), isPlain(secret, 256), token.map({ isPlain($0, 8192) }) ?? true,
            !id.contains(where: { "/,= ".contains($0) })
        else { throw .credentialsUnusable("a value in the file is empty, too long or not plain ASCII") }
        return (String(id), String(secret), token.map(String.init))
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return text
    }

    private static func isPlain(_ text: Substring, _ most: Int) -> Bool {
        (1...most).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
    }
}
