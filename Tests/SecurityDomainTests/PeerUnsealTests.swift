import CryptographicModule
import Testing

@testable import SecurityDomain

@Suite("Unsealing by a peer")
struct PeerUnsealTests {
    private let pool = TestWorld.identifier(1)
    private let bootNonce = [UInt8](repeating: 7, count: 32)

    private func session(ticket: PeerTicket? = nil, nonce: UInt8 = 7) throws -> PeerUnsealSession {
        try PeerUnsealSession(
            poolID: pool, epoch: 3, node: 1, bootNonce: Array(repeating: nonce, count: 32),
            bootFacts: Array("machine".utf8), ticket: ticket, nodeKey: try TestWorld.nodeKey(1))
    }

    private func spki(_ node: Int) throws -> [UInt8] {
        try TestWorld.nodeKey(node).spkiDER
    }

    private func reply(to request: PeerUnsealRequest, keyring: Keyring) throws -> PeerUnsealReply {
        try PeerUnsealReply(
            to: request, grantIndex: 42, root: keyring.root, ticket: try keyring.ticket(node: 1, nonce: bootNonce),
            node: 2,
            nodeKey: try TestWorld.nodeKey(2))
    }

    @Test("The root and the next ticket arrive, once")
    func exchange() throws {
        let keyring = try TestWorld.keyring.get()
        let session = try session()
        let request = try PeerUnsealRequest.decode(session.request.encode())
        #expect(request == session.request)
        try request.verify(poolID: pool, epoch: 3, nodeKey: try spki(1))
        let reply = try PeerUnsealReply.decode(try reply(to: request, keyring: keyring).encode())
        let contents = try session.open(reply, from: 2, nodeKey: try spki(2))
        #expect(contents.grantIndex == 42)
        #expect(try contents.root.exposed() == keyring.root.exposed())
        #expect(contents.root.generation == keyring.root.generation)
        #expect(contents.ticket.digest == (try keyring.ticket(node: 1, nonce: bootNonce).digest))
        _ = try Keyring.unseal(root: contents.root, material: keyring.sealed)
        #expect(throws: PeerUnsealRefusal.over) { try session.open(reply, from: 2, nodeKey: try spki(2)) }
    }

    @Test("A ticket proves itself; another, or none, does not")
    func tickets() throws {
        let keyring = try TestWorld.keyring.get()
        let latest = try keyring.ticket(node: 1, nonce: bootNonce)
        let older = try keyring.ticket(node: 1, nonce: Array(repeating: 8, count: 32))
        let foreign = try keyring.ticket(node: 2, nonce: bootNonce)
        #expect(Set([latest.digest, older.digest, foreign.digest]).count == 3)
        #expect(try session(ticket: latest).request.proves(latest))
        #expect(try !session(ticket: older).request.proves(latest))
        #expect(try !session(ticket: foreign).request.proves(latest))
        #expect(try !session().request.proves(latest))
    }

    @Test("A request changed in any field, or signed by another node, is refused")
    func tamperedRequest() throws {
        let ticket = try TestWorld.keyring.get().ticket(node: 1, nonce: bootNonce)
        let request = try session(ticket: ticket).request
        let bytes = request.encode()
        for index in fieldRanges(bytes).indices {
            let changed = try #require(flippingField(index, of: bytes))
            let error = #expect(throws: (any Error).self, "field \(index)") {
                try PeerUnsealRequest.decode(changed).verify(poolID: pool, epoch: 3, nodeKey: try spki(1))
            }
            let refusal = error as? PeerUnsealRefusal
            switch index {
            case 0: #expect(error is SecurityDomainError)
            case 1: #expect(refusal == .wrongPool)
            case 2: #expect(refusal == .wrongEpoch(expected: 3, got: 2))
            case 3: #expect(refusal == .badSignature(node: 0))
            default: #expect(refusal == .badSignature(node: 1))
            }
        }
        #expect(throws: PeerUnsealRefusal.badSignature(node: 1)) {
            try request.verify(poolID: pool, epoch: 3, nodeKey: try spki(2))
        }
        #expect(throws: PeerUnsealRefusal.badSignature(node: 1)) {
            try request.verify(poolID: pool, epoch: 3, nodeKey: [1, 2, 3])
        }
    }

    @Test("A reply changed in any field is refused and leaves the session open")
    func tamperedReply() throws {
        let keyring = try TestWorld.keyring.get()
        let session = try session()
        let bytes = try reply(to: session.request, keyring: keyring).encode()
        for index in fieldRanges(bytes).indices {
            let changed = try #require(flippingField(index, of: bytes))
            let error = #expect(throws: (any Error).self, "field \(index)") {
                try session.open(try PeerUnsealReply.decode(changed), from: 2, nodeKey: try spki(2))
            }
            switch index {
            case 0: #expect(error is SecurityDomainError)
            case 1: #expect(error as? PeerUnsealRefusal == .otherRequest)
            default: #expect(error as? PeerUnsealRefusal == .badSignature(node: 2))
            }
        }
        let contents = try session.open(try PeerUnsealReply.decode(bytes), from: 2, nodeKey: try spki(2))
        #expect(contents.grantIndex == 42)
    }

    @Test("A reply to another life of the node, from another node, or to another key, is refused")
    func replays() throws {
        let keyring = try TestWorld.keyring.get()
        let (first, second, sameBoot) = (try session(), try session(nonce: 8), try session())
        let recorded = try reply(to: first.request, keyring: keyring)
        #expect(throws: PeerUnsealRefusal.otherRequest) { try second.open(recorded, from: 2, nodeKey: try spki(2)) }
        #expect(throws: PeerUnsealRefusal.otherRequest) { try sameBoot.open(recorded, from: 2, nodeKey: try spki(2)) }
        #expect(throws: PeerUnsealRefusal.badSignature(node: 3)) {
            try first.open(recorded, from: 3, nodeKey: try spki(2))
        }
        #expect(throws: PeerUnsealRefusal.badSignature(node: 2)) {
            try first.open(recorded, from: 2, nodeKey: try spki(1))
        }
        _ = try first.open(recorded, from: 2, nodeKey: try spki(2))
    }

    @Test("The code that people compare belongs to one request")
    func comparisonCode() throws {
        let (first, second) = (try session().request, try session().request)
        #expect(first.comparisonCode.count == 8)
        #expect(try PeerUnsealRequest.decode(first.encode()).comparisonCode == first.comparisonCode)
        #expect(first.comparisonCode != second.comparisonCode)
    }
}
