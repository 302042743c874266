import HSMNode
import HTTPTransport
import NodeEnvironment
import Replication
import Testing

@testable import HSMService

/// Whether starting the node again can help is told by the exit code.
@Suite struct NodeFailureTests {
    @Test func filesThatCannotBeUsedAreAMatterOfConfiguration() {
        let files: [any Error] = [
            TransportError.certificate(file: "api.crt", reason: "damaged"),
            TransportError.privateKey(file: "api.key", reason: "damaged"), TransportError.tls(reason: "no match"),
            PeerTransportError.unreadable(path: "node.crt", reason: "no such file"),
            PeerTransportError.badCertificate(path: "node.crt", reason: "it is empty"),
            PeerTransportError.keyMismatch(certificate: "node.crt", key: "node.key"),
            PeerTransportError.outsideValidity(path: "node.crt"),
            PeerTransportError.wrongName(path: "node.crt", expected: "quorate:p/1"),
        ]
        for error in files {
            let failure = NodeFailure(error)
            #expect(failure.exitCode == 78 && failure.description.hasPrefix("\(error)"), "\(error)")
        }
        let ports: [any Error] = [
            TransportError.addressInUse(host: "127.0.0.1", port: 1), PeerTransportError.addressInUse("127.0.0.1:1"),
            PeerTransportError.cannotListen(address: "127.0.0.1:1", reason: "no right"),
        ]
        for error in ports { #expect(NodeFailure(error).exitCode == 71, "\(error)") }
        let disk = NodeFailure(NodeDriver.BootstrapFailure.storage(.full))
        #expect(disk.exitCode == 74 && disk.description.contains("make room"))
    }
}
