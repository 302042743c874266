import Glibc
import NIOCore
import NIOSSL

/// Reads certificate and key, and makes the server's TLS configuration.
enum ServerTLS {
    private static let maximumFileBytes = 1 << 20

    /// - Throws: `certificate`, `privateKey` or `tls` of `TransportError`.
    static func makeContext(_ files: TLSFiles, shutdownTimeout: TimeAmount) throws(TransportError) -> NIOSSLContext {
        let chain = try readChain(files.certificateChain)
        let key = try readKey(files.privateKey)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        // These are for TLS 1.2; the suites of 1.3 are all of this kind.
        configuration.cipherSuiteValues = [
            .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        ]
        configuration.renegotiationSupport = .none
        configuration.applicationProtocols = ["h2", "http/1.1"]
        configuration.shutdownTimeout = shutdownTimeout
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw .privateKey(
                file: files.privateKey, reason: "does not belong to the certificate, or is of a kind unfit for TLS")
        }
    }

    private static func readChain(_ file: String) throws(TransportError) -> [NIOSSLCertificate] {
        let bytes: [UInt8]
        do {
            bytes = try read(file, isSecret: false)
        } catch {
            throw .certificate(file: file, reason: error.reason)
        }
        guard let chain = try? NIOSSLCertificate.fromPEMBytes(bytes), let leaf = chain.first else {
            throw .certificate(file: file, reason: "holds no certificate in PEM format")
        }
        let now = time(nil)
        guard leaf.notValidAfter > now else { throw .certificate(file: file, reason: "has expired") }
        guard leaf.notValidBefore <= now else { throw .certificate(file: file, reason: "is not valid yet") }
        return chain
    }

    private static func readKey(_ file: String) throws(TransportError) -> NIOSSLPrivateKey {
        var bytes: [UInt8]
        do {
            bytes = try read(file, isSecret: true)
        } catch {
            throw .privateKey(file: file, reason: error.reason)
        }
        defer { bytes.withUnsafeMutableBytes { if let base = $0.baseAddress { explicit_bzero(base, $0.count) } } }
        guard let key = try? NIOSSLPrivateKey(bytes: bytes, format: .pem) else {
            throw .privateKey(file: file, reason: "holds no unencrypted private key in PEM format")
        }
        return key
    }

    private struct ReadFailure: Error {
        let reason: String

        static func system(_ code: Int32) -> ReadFailure { ReadFailure(reason: String(cString: strerror(code))) }
    }

    /// Reads a file through one descriptor, so that what is checked is what is read.
    private static func read(_ file: String, isSecret: Bool) throws(ReadFailure) -> [UInt8] {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .system(errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw ReadFailure(reason: "is not a regular file") }
        guard !isSecret || status.st_mode & 0o077 == 0 else {
            throw ReadFailure(reason: "is accessible to group or others; its mode must be 0600 or stricter")
        }
        guard status.st_size <= maximumFileBytes else { throw ReadFailure(reason: "is larger than 1 MiB") }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(descriptor, buffer.baseAddress.map { $0 + filled }, buffer.count - filled)
            }
            guard count >= 0 else { throw .system(errno) }
            guard count > 0 else { break }
            filled += count
        }
        bytes.removeLast(bytes.count - filled)
        return bytes
    }
}
