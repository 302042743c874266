import BackupStores
import RequestTesting
import Testing

@testable import HSMService

/// Where a node's file lets backups go.
@Suite struct BackupPlacesTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        _ = try folder.write(
            "s3.credentials", "[default]\naws_access_key_id = ID\naws_secret_access_key = SECRET\n", mode: 0o600)
        _ = try folder.write("open.credentials", "aws_access_key_id = ID", mode: 0o644)
        _ = try folder.write("half.credentials", "aws_access_key_id = ID", mode: 0o600)
        _ = try folder.write("header", "secret-of-the-platform\n", mode: 0o600)
    }

    private func read(_ text: String) throws(ConfigurationError) -> BackupPlaces {
        let folder = folder.path
        return try BackupPlaces(try ConfigurationSection.parse(text, file: "node.yaml")) { "\(folder)/\($0)" }
    }

    private static let bucket = """
        s3:
          - endpoint: s3.eu-1.example
            region: eu-1
            buckets: [backups, more-backups]
            credentials_file: s3.credentials

        """

    @Test func allThatThereIs() throws {
        let places = try read(
            """
            directory: backups
            blob_hosts: [blob.example]
            authority_file: ca.crt
            attempts: 9
            managed_identity:
              endpoint: http://127.0.0.1:41741/msi/token
              header_file: header
              client_id: 6b6f0c1d

            """ + Self.bucket)
        #expect(places.directory == "\(folder.path)/backups" && places.blobHosts == ["blob.example"])
        #expect(places.buckets.map(\.buckets) == [["backups", "more-backups"]] && places.identity != nil)
        #expect(places.attempts == RequestAttempts(9))
    }

    @Test func nothingIsAllowedByItself() throws {
        let places = try BackupPlaces(nil) { $0 }
        #expect(places.directory == nil && places.blobHosts == [] && places.buckets.isEmpty && places.identity == nil)
        #expect(places.attempts == RequestAttempts(5))
    }

    @Test func mistakesAreNamed() throws {
        for (from, to, problem) in [
            ("region: eu-1", "region: eu/1", "region"), ("[backups, more-backups]", "[]", "missing or empty"),
            ("[backups, more-backups]", "[Backups]", "isn't the name of a bucket"),
            ("s3.eu-1.example", "https://s3.eu-1.example", "can't be used"), ("region", "regoin", "unknown key"),
            ("s3.credentials", "open.credentials", "group or others may use it"),
            ("s3.credentials", "half.credentials", "no aws_access_key_id and aws_secret_access_key"),
            ("s3.credentials", "none.credentials", "can't be opened"),
            ("    region: eu-1", "    region: eu-1\n    style: dns", "'s3[0].style' is 'dns'"),
            ("    region: eu-1", "    region: eu-1\n    part_mib: 4", "from 5 to 1024"),
        ] {
            do throws(ConfigurationError) {
                _ = try read(Self.bucket.replacing(from, with: to, maxReplacements: 1))
                Issue.record("accepted: \(to)")
            } catch {
                #expect(error.problem.contains(problem) && !error.cure.isEmpty, "\(error)")
                #expect(!"\(error)".contains("SECRET"))
            }
        }
        for (text, problem) in [
            (Self.bucket + Self.bucket.replacing("s3:\n", with: ""), "a second time"),
            ("managed_identity:\n  endpoint: http://10.0.0.1/token\n", "isn't on this machine"),
            ("managed_identity:\n  from_environment: true\n", "finds no IDENTITY_ENDPOINT"),
            ("managed_identity:\n  from_environment: true\n  header_file: header\n", "stands beside"),
            ("blob_hosts: [https://x]\n", "neither host nor host:port"),
            ("attempts: 0\n", "from 1 to 20"), ("attempts: 21\n", "from 1 to 20"), ("attempts: often\n", "attempts"),
        ] {
            do throws(ConfigurationError) {
                _ = try read(text)
                Issue.record("accepted: \(text)")
            } catch {
                #expect(error.problem.contains(problem) && !error.cure.isEmpty, "\(error)")
            }
        }
    }
}
