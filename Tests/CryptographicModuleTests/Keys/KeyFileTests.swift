import CryptographicModule
import Foundation
import Glibc
import Testing

@Suite struct KeyFileTests {
    init() throws { try ModuleSelfSetup.startSecureHeap() }

    @Test func aKeyIsWrittenIntoTheFolderThatItsPathNames() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = folder.url.path
        try KeyAgreement.generate().write(toNewFile: path + "/one.pem")
        try KeyAgreement.generate().write(toNewFile: path + "//two.pem")
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).sorted() == ["one.pem", "two.pem"])
        for taken in ["/one.pem", "/", "/none/three.pem", "/one.pem/four.pem"] {
            #expect(throws: CryptoError.self, "\(taken)") { try KeyAgreement.generate().write(toNewFile: path + taken) }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).count == 2)
    }

    /// After a loss of power its name might be gone: so nobody is told that there is a key.
    @Test func noKeyIsLeftInAFolderThatCantBeFlushed() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = folder.url.path
        let key = try KeyAgreement.generate()
        let nobody: uid_t = 65_534
        // What may be written and can't be opened for reading can't be flushed. Root may do all, unless this thread
        // becomes somebody else where files are concerned (setfsuid(2)).
        #expect(chmod(path, 0o300) == 0)
        if geteuid() == 0 { #expect(chown(path, nobody, gid_t.max) == 0) }
        let symbol = try #require(dlsym(nil, "setfsuid"))
        let become = unsafeBitCast(symbol, to: (@convention(c) (uid_t) -> Int32).self)
        let before = become(nobody)
        let made = Result { try key.write(toNewFile: path + "/key.pem") }
        _ = become(uid_t(before))
        #expect(throws: CryptoError.self) { try made.get() }
        #expect(chmod(path, 0o700) == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).isEmpty)
    }
}
