import Audit
import Glibc
import HTTPTransport
import NIOCore
import NIOPosix

/// What has to be there beside certificates and keys for a node to start: looked at before it makes a pool.
enum FoundingChecks {
    /// Makes the folder where it is missing, as the audit log does. A log that is there, such as a lost pool's, is
    /// gone on with, and has to verify.
    static func auditLog(_ folder: String) throws {
        do throws(AuditOpenError) {
            try AuditLog.check(folder: folder)
        } catch .damaged(let place) {
            throw NodeFailure.keptAudit(place, in: folder)
        }
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
