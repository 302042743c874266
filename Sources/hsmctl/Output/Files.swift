import CryptographicModule
import Foundation

/// Files that commands read and write; `-` is standard input or output.
enum Files {
    static func read(_ path: String) throws -> [UInt8] {
        if path == "-" { return Array(FileHandle.standardInput.readDataToEndOfFile()) }
        do {
            return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw ClientError.unreadable("\(path) can't be read: \(reason(error))")
        }
    }

    static func certificate(_ path: String) throws -> X509Certificate {
        let pem = try read(path)
        do {
            return try X509Certificate(pem: pem)
        } catch {
            throw ClientError.usage("\(path) isn't a PEM certificate: \(error)")
        }
    }

    static func write(_ bytes: [UInt8], to path: String) throws {
        if path == "-" { return FileHandle.standardOutput.write(Data(bytes)) }
        do {
            try Data(bytes).write(to: URL(fileURLWithPath: path))
        } catch {
            throw ClientError.unreadable("\(path) can't be written: \(reason(error))")
        }
    }

    /// The system's words, where it has some.
    private static func reason(_ error: any Error) -> String {
        let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
        if let underlying, underlying.domain == NSPOSIXErrorDomain {
            return String(cString: strerror(Int32(underlying.code)))
        }
        return (error as? CocoaError)?.code == .fileReadNoSuchFile ? "there is no such file" : "\(error)"
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
    }

    /// Leaves nothing behind unless the secret is in the file.
    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        if !isKept { unlink(path) }
    }

    /// Writes the whole content and waits until it is on the disk, with the file's name.
    mutating func store(_ bytes: [UInt8]) throws {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                Foundation.write(descriptor, $0.baseAddress.map { $0 + offset }, bytes.count - offset)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure() }
            offset += count
        }
        guard fsync(descriptor) == 0 else { throw failure() }
        let folder = open((path as NSString).deletingLastPathComponent.isEmpty
            ? "." : (path as NSString).deletingLastPathComponent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
        isKept = true
    }

    private func failure() -> ClientError {
        .unreadable("\(path) can't be written: \(String(cString: strerror(errno))).")
    }
}
