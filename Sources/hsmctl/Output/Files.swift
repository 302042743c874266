import CryptographicModule
import Foundation
import SecurityDomain

/// Files that commands read and write; `-` is standard input or output.
enum Files {
    static func read(_ path: String) throws -> [UInt8] {
        guard path != "-" else { return try read(from: STDIN_FILENO, "standard input") }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(path) }
        defer { close(descriptor) }
        return try read(from: descriptor, path)
    }

    private static func read(from descriptor: Int32, _ name: String) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        // Files may hold keys.
        defer { for index in piece.indices { piece[index] = 0 } }
        while true {
            let count = Foundation.read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw unreadable(name) }
            if count == 0 { return bytes }
            bytes += piece[..<count]
        }
    }

    /// The file of a private key, in secure memory: nobody but its owner may be able to use it. What comes by a pipe is
    /// nobody's.
    static func secret(_ path: String) throws -> Secret {
        try SecretHandling.begin()
        if path == "-" { return try secret(from: STDIN_FILENO, "standard input") }
        var status = stat()
        guard stat(path, &status) == 0, access(path, R_OK) == 0 else { throw unreadable(path) }
        if status.st_mode & S_IFMT == S_IFIFO {
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw unreadable(path) }
            defer { close(descriptor) }
            return try secret(from: descriptor, path)
        }
        do {
            return try Secret.reading(keyFile: path)
        } catch CryptoError.keyRejected(_) {
            throw ClientError.usage(
                "\(path) isn't used: the file of a private key has to belong to you, to be closed to group and others "
                    + "(chmod 600), to be no link, and to have at most \(Secret.longestKeyFile) bytes.")
        }
    }

    private static func secret(from descriptor: Int32, _ path: String) throws -> Secret {
        var length = 0
        let room = try Secret(count: Secret.longestKeyFile + 1) { target in
            while length < target.count {
                let place = target.baseAddress.map { $0 + length }
                let count = Foundation.read(descriptor, place, target.count - length)
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else { throw unreadable(path) }
                if count == 0 { break }
                length += count
            }
        }
        guard (1...Secret.longestKeyFile).contains(length) else {
            throw ClientError.usage("\(path) is empty, or longer than \(Secret.longestKeyFile) bytes.")
        }
        return try room.withUnsafeBytes { try Secret(copying: UnsafeRawBufferPointer(rebasing: $0[..<length])) }
    }

    static func certificate(_ path: String) throws -> X509Certificate {
        let pem = try read(path)
        do {
            return try X509Certificate(pem: pem)
        } catch {
            throw ClientError.usage("\(path) isn't a PEM certificate: \(error)")
        }
    }

    /// A certificate that can be an officer's.
    static func officerCertificate(_ path: String) throws -> X509Certificate {
        let certificate = try certificate(path)
        guard case .rsa? = certificate.publicKey else {
            throw ClientError.usage("\(path) holds no RSA key: officers need RSA of 2048, 3072 or 4096 bits.")
        }
        do {
            _ = try OfficerCertificate(der: certificate.der)
        } catch let SecurityDomainError.officerRejected(_, reason) {
            throw ClientError.usage("\(path) can't be an officer's: \(reason).")
        }
        return certificate
    }

    /// Takes the place of what is in the file, which stays where there is no room for the new content.
    static func write(_ bytes: [UInt8], to path: String) throws {
        if path == "-" { return StandardOutput.write(bytes) }
        let wasThere = access(path, F_OK) == 0
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw unwritable(path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw unwritable(path) }
        // Pipes and devices have no length.
        let isFile = status.st_mode & S_IFMT == S_IFREG
        if isFile, !bytes.isEmpty {
            let failure = posix_fallocate(descriptor, 0, off_t(bytes.count))
            // What else it may say is that this file system can't tell beforehand.
            if [ENOSPC, EDQUOT, EFBIG].contains(failure) {
                if wasThere { ftruncate(descriptor, status.st_size) } else { unlink(path) }
                errno = failure
                throw unwritable(path)
            }
        }
        guard writeAll(bytes, descriptor), !isFile || ftruncate(descriptor, off_t(bytes.count)) == 0 else {
            throw unwritable(path)
        }
    }

    /// Finds out before long work whether its result will have a place. What is in the file stays.
    ///
    /// - Throws: ``ClientError`` where the file can't be written.
    static func requireWritable(_ path: String) throws {
        guard path != "-" else { return }
        let wasThere = access(path, F_OK) == 0
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw unwritable(path, " Nothing was begun.") }
        close(descriptor)
        if !wasThere { unlink(path) }
    }

    /// - Returns: false where the system refuses; `errno` then says why.
    static func writeAll(_ bytes: [UInt8], _ descriptor: Int32) -> Bool {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                Foundation.write(descriptor, $0.baseAddress.map { $0 + offset }, bytes.count - offset)
            }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN {
                // Another program has set the terminal so that nobody waits for it.
                var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&wanted, 1, -1)
                continue
            }
            guard count > 0 else { return false }
            offset += count
        }
        return true
    }

    /// With the system's words for its last failure.
    private static func unreadable(_ path: String) -> ClientError {
        .unreadable("\(path) can't be read: \(String(cString: strerror(errno))).")
    }

    private static func unwritable(_ path: String, _ more: String = "") -> ClientError {
        .unreadable("\(path) can't be written: \(String(cString: strerror(errno))).\(more)")
    }
}

/// A new file that only its owner can read, opened before the request whose answer it is to hold: a secret that is
/// shown once must not be lost because there is no place for it.
struct SecretFile: ~Copyable {
    let path: String
    private let descriptor: Int32
    private var isKept = false

    /// - Throws: ``ClientError`` when the file exists or can't be made.
    init(creating path: String) throws {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let cause = errno == EEXIST ? "it exists already" : String(cString: strerror(errno))
            throw ClientError.unreadable("\(path) can't be created: \(cause). Nothing was requested.")
        }
        InterruptedFile.begin(path)
    }

    /// Leaves nothing behind unless the secret is in the file.
    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        guard !isKept else { return }
        unlink(path)
        InterruptedFile.end()
    }

    /// Writes the whole content and waits until it is on the disk, with the file's name. Where the name can't be made
    /// to last the secret is there all the same, and its owner is told.
    mutating func store(_ bytes: [UInt8]) throws {
        // An interrupt may leave a part of the secret, but doesn't take it away.
        InterruptedFile.end()
        guard Files.writeAll(bytes, descriptor) else { throw failure() }
        guard fsync(descriptor) == 0 else { throw failure() }
        isKept = true
        // NSString's own division ends the process where the whole path is one character.
        let parent = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let folder = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        let isDurable = folder >= 0 && fsync(folder) == 0
        if !isDurable {
            let cause = String(cString: strerror(errno))
            Terminal.note("\(path) is written, but a loss of power may take it: its folder can't be flushed: \(cause)")
        }
        if folder >= 0 { close(folder) }
    }

    private func failure() -> ClientError {
        .unreadable("\(path) can't be written: \(String(cString: strerror(errno))).")
    }
}
