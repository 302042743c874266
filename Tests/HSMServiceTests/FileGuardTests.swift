import Glibc
import RequestTesting
import Testing

@testable import HSMService

/// Files of other users are refused, with their owner's name.
@Suite struct FileGuardTests {
    /// Only root can give a file away.
    @Test(.enabled(if: geteuid() == 0)) func anothersFileIsRefusedWithItsOwner() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("node.yaml", "x")
        #expect(chmod(file, 0o600) == 0 && chown(file, 54_321, 54_321) == 0)
        let error = #expect(throws: ConfigurationError.self) { try requirePrivate(file: file) }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains("belongs to user 54321, and hsmd runs as root") && text.contains("runuser -u"), "\(text)")
    }

    @Test(arguments: [("n", ""), ("/n", "/"), ("a/n", "a"), ("/a/b", "/a"), ("../a/b", "../a"), ("", "")])
    func aFilesFolderIsWhatStandsBeforeItsName(_ file: String, _ expected: String) {
        #expect(HSMService.folder(of: file) == expected)
    }
}
