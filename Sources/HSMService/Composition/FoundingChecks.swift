import Audit
import Glibc
import HTTPTransport
import NIOCore
import NIOPosix

/// What has to be there beside certificates and keys for a node to start: looked at before it makes a pool.
enum FoundingChecks {
    /// Makes the folder where it is missing, as the audit log does.
    static func auditFolder(_ path: String) throws(AuditOpenError) {
        if mkdir(path, 0o700) != 0, errno != EEXIST { throw .system(call: "mkdir", path: path, errno: errno) }
        var status = stat()
        guard lstat(path, &status) == 0 else { throw .system(call: "stat", path: path, errno: errno) }
        guard status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(), status.st_mode & 0o077 == 0 else {
            throw .unsafePermissions(path: path)
        }
        guard access(path, R_OK | W_OK | X_OK) == 0 else { throw .system(call: "access", path: path, errno: errno) }
    }

    /// Listens for a moment, without taking a connection.
    static func ports(_ listeners: [NodeConfiguration.Listener], _ group: any EventLoopGroup) throws(TransportError) {
        var open: [any Channel] = []
        defer { for channel in open { try? channel.close().wait() } }
        for listener in listeners {
            let (host, port) = (listener.host, listener.port)
            do {
                let bootstrap = ServerBootstrap(group: group)
                    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                    .serverChannelOption(.autoRead, value: false)
                open.append(try bootstrap.bind(host: host, port: port).wait())
            } catch let error as IOError where error.errnoCode == EADDRINUSE {
                throw .addressInUse(host: host, port: port)
            } catch {
                throw .cannotBind(host: host, port: port, reason: "\(error)")
            }
        }
    }
}
