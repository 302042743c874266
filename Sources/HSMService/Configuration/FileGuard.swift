import CryptographicModule
import Foundation

/// Reads a configuration file after checking who may write it.
///
/// A configuration can name destinations and keys: whoever may edit it commands the node, so group and others must not
/// (and, since it may name secret files, nobody else needs to read it).
func readGuarded(file: String, limit: Int = 1 << 20) throws(ConfigurationError) -> String {
    try requirePrivate(file: file)
    guard let data = FileManager.default.contents(atPath: file) else {
        throw ConfigurationError(file: file, problem: "can't be read", cure: "Check the path and the file's owner.")
    }
    guard data.count <= limit, let text = String(data: data, encoding: .utf8) else {
        throw ConfigurationError(
            file: file, problem: "is larger than \(limit) bytes or not UTF-8", cure: "Check the path.")
    }
    return text
}

/// Refuses a file that is missing, a symbolic link, another user's, or open to group or others.
func requirePrivate(file: String) throws(ConfigurationError) {
    var status = stat()
    guard lstat(file, &status) == 0 else {
        throw ConfigurationError(
            file: file, problem: "can't be opened: \(String(cString: strerror(errno)))", cure: "Check the path.")
    }
    try requirePrivate(status, file: file)
}

/// The same of what the system says of the file.
func requirePrivate(_ status: stat, file: String) throws(ConfigurationError) {
    guard status.st_mode & S_IFMT == S_IFREG else {
        throw ConfigurationError(
            file: file, problem: "isn't a regular file", cure: "Name the file itself, not a link to it.")
    }
    guard status.st_uid == geteuid() || status.st_uid == 0 else {
        throw ConfigurationError(
            file: file, problem: "belongs to \(userName(status.st_uid)), and hsmd runs as \(userName(geteuid()))",
            cure: "Run hsmd as the file's owner (runuser -u USER -- hsmd …), or chown it to the user that runs hsmd.")
    }
    let mode = status.st_mode & 0o777
    guard mode & 0o077 == 0 else {
        throw ConfigurationError(
            file: file, problem: "has mode 0\(String(mode, radix: 8)): group or others may use it",
            cure: "chmod 600 \(file)")
    }
}

/// The folder of a file, which relative paths in it are relative to; empty where the file's path names none. NSString's
/// own ends the process where the whole path is one character.
func folder(of file: String) -> String {
    guard let slash = file.lastIndex(of: "/") else { return "" }
    return slash == file.startIndex ? "/" : String(file[..<slash])
}

private func userName(_ id: uid_t) -> String {
    getpwuid(id).flatMap { $0.pointee.pw_name }.map { String(cString: $0) } ?? "user \(id)"
}

/// Reads a secret straight into secure memory, under the same conditions; one line end after it is no part of it.
func readSecret(file: String, limit: Int) throws -> Secret {
    try requirePrivate(file: file)
    let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else {
        throw ConfigurationError(file: file, problem: "can't be read", cure: "Check the path and the file's owner.")
    }
    defer { close(descriptor) }
    var length = 0
    let room = try Secret(count: limit + 2) { target in
        length = read(descriptor, target.baseAddress, target.count)
        if length > 0, target[length - 1] == UInt8(ascii: "\n") { length -= 1 }
    }
    guard (1...limit).contains(length) else {
        throw ConfigurationError(
            file: file, problem: "is empty, or longer than \(limit) bytes", cure: "Write the secret and nothing else.")
    }
    return try room.withUnsafeBytes { try Secret(copying: UnsafeRawBufferPointer(rebasing: $0[..<length])) }
}
