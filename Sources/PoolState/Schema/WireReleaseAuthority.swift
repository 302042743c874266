import CryptographicModule

extension ReleaseAuthority: WireConvertible {
    var wire: WireReleaseAuthority {
        var wire = WireReleaseAuthority()
        wire.issuer = issuer
        wire.keys = keys.map { key in
            var wire = WireReleaseAuthorityKey()
            wire.id = key.id
            wire.publicKey = key.publicKey.wire
            return wire
        }
        return wire
    }

    init(wire: WireReleaseAuthority) throws {
        self.init(
            issuer: wire.issuer,
            keys: try wire.keys.map { Key(id: $0.id, publicKey: try PublicKey(wire: $0.publicKey)) })
    }
}
