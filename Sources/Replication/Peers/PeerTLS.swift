import CryptographicModule
import NIOCore
import NIOSSL

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Where a node's TLS identity lies, as PEM files.
public struct PeerTLSFiles: Hashable, Sendable {
    /// The node's certificate, and any intermediate ones after it.
    public let certificateChain: String
    /// The node's private key, readable for its owner only.
    public let privateKey: String
    /// The node CA's certificate; several while one CA takes over from another.
    public let authorities: String

    /// Takes paths. The files are read, and the key file's permissions checked, when the transport is made.
    public init(certificateChain: String, privateKey: String, authorities: String) {
        self.certificateChain = certificateChain
        self.privateKey = privateKey
        self.authorities = authorities
    }
}

/// The TLS contexts of one node identity: TLS 1.3 only, both sides show a certificate, only the node CA is trusted.
///
/// The library verifies the chain, validity and possession of the key. Who the certificate belongs to is decided by
/// ``PeerDirectory``, from URI and pin: a host name means nothing between nodes.
struct PeerTLS: Sendable {
    let server: NIOSSLContext
    let client: NIOSSLContext
    /// What the other nodes will see of this one.
    let own: PresentedCertificate

    init(_ files: PeerTLSFiles, ownURI: String, now: Int) throws(PeerTransportError) {
        let chain = try Self.certificates(files.certificateChain)
        let authorities = try Self.certificates(files.authorities)
        let key = try Self.privateKey(files.privateKey)
        let leaf = chain[0]
        guard let presented = PresentedCertificate(leaf) else {
            throw .badCertificate(path: files.certificateChain, reason: "its public key can't be read")
        }
        guard presented.uris.filter({ $0.hasPrefix(PeerDirectory.scheme) }) == [ownURI] else {
            throw .wrongName(path: files.certificateChain, expected: ownURI)
        }
        guard Int(leaf.notValidBefore) <= now, now <= Int(leaf.notValidAfter) else {
            throw .outsideValidity(path: files.certificateChain)
        }
        own = presented
        var configuration = TLSConfiguration.makeServerConfigurationWithMTLS(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key),
            trustRoots: .certificates(authorities))
        server = try Self.context(&configuration, files)
        configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateChain = chain.map { .certificate($0) }
        configuration.privateKey = .privateKey(key)
        configuration.trustRoots = .certificates(authorities)
        configuration.certificateVerification = .noHostnameVerification
        client = try Self.context(&configuration, files)
    }

    private static func context(
        _ configuration: inout TLSConfiguration, _ files: PeerTLSFiles
    ) throws(PeerTransportError) -> NIOSSLContext {
        configuration.minimumTLSVersion = .tlsv13
        configuration.shutdownTimeout = .milliseconds(500)
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            // Each file was parsed before; what is left to fail is that they belong together.
            throw .keyMismatch(certificate: files.certificateChain, key: files.privateKey)
        }
    }

    private static func certificates(_ path: String) throws(PeerTransportError) -> [NIOSSLCertificate] {
        try checkReadable(path)
        let found: [NIOSSLCertificate]
        do {
            found = try NIOSSLCertificate.fromPEMFile(path)
        } catch {
            throw .badCertificate(path: path, reason: "not PEM, or damaged")
        }
        guard !found.isEmpty else { throw .badCertificate(path: path, reason: "it is empty") }
        return found
    }

    private static func privateKey(_ path: String) throws(PeerTransportError) -> NIOSSLPrivateKey {
        do throws(NodeFolderError) {
            _ = try FilePermissions.check(path, is: .file)
        } catch {
            throw .unsafeKeyFile(error)
        }
        try checkReadable(path)
        do {
            return try NIOSSLPrivateKey(file: path, format: .pem)
        } catch {
            throw .badKey(path: path, reason: "not PEM, damaged, or protected by a passphrase")
        }
    }

    private static func checkReadable(_ path: String) throws(PeerTransportError) {
        guard access(path, R_OK) == 0 else {
            throw .unreadable(path: path, reason: FilePermissions.reason(errno))
        }
    }
}

extension PresentedCertificate {
    /// Nil if the key is of a kind that the TLS library can't encode.
    init?(_ certificate: NIOSSLCertificate) {
        guard let key = try? certificate.extractPublicKey().toSPKIBytes() else { return nil }
        keyDigest = Digest.sha256(key)
        // The accessor's underscore says that it may change with the library, whose exact version is fixed here.
        uris = certificate._subjectAlternativeNames().filter { $0.nameType == .uri }.map { name in
            name.contents.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        }
    }
}
