import AccessControl
import CryptographicModule
import ProtobufCoding

// The encoding of the rows that small writes change.

extension CompletedProposal: DirectlyEncoded {
    func write(to writer: inout CanonicalWriter) {
        writer.field(1, sequence)
        writer.field(2, proposalID.bytes)
        switch outcome {
        case .applied: writer.message(3) { _ in }
        case .key(let name, let version):
            writer.message(4) {
                $0.field(1, name)
                $0.field(2, version)
            }
        case .refused(let refusal): writer.present(5, UInt64(refusal.rawValue))
        }
        writer.field(6, index)
        writer.field(7, term)
    }
}

extension Progress: DirectlyEncoded {
    func write(to writer: inout CanonicalWriter) {
        writer.field(1, logTime)
        writer.field(2, nextSequence)
    }
}

extension KeyVersionRow: DirectlyEncoded {
    var expectedCount: Int { 512 }

    func write(to writer: inout CanonicalWriter) {
        writer.field(1, UInt32(clamping: ordinal))
        writer.message(2) { content.header.write(to: &$0) }
        if let publicKey = content.publicKey { writer.message(3) { publicKey.write(to: &$0) } }
        writer.field(4, content.recordDigest)
        writer.field(5, UInt32(content.origin.rawValue))
        writer.field(6, content.enabled)
        if let notBefore = content.notBefore { writer.present(7, UInt64(bitPattern: notBefore)) }
        if let expires = content.expires { writer.present(8, UInt64(bitPattern: expires)) }
        TagList.write(content.tags, 9, to: &writer)
        if let releasePolicy = content.releasePolicy {
            writer.message(10) {
                $0.field(1, releasePolicy.contentType)
                $0.field(2, releasePolicy.data)
            }
        }
        writer.field(11, content.created)
        writer.field(12, content.updated)
    }
}

extension KeyHeader {
    fileprivate func write(to writer: inout CanonicalWriter) {
        writer.field(1, poolID)
        writer.field(2, UInt32(kind))
        writer.field(3, name)
        writer.field(4, version)
        writer.field(5, keyType.wireNumber)
        if let curve { writer.present(6, UInt64(curve.wireNumber)) }
        writer.field(7, UInt32(clamping: bits))
        writer.field(8, UInt32(operations.rawValue))
        writer.field(9, exportable)
        writer.field(10, releasePolicyDigest)
        writer.field(11, releasePolicyImmutable)
        writer.field(12, createdAt)
        writer.field(13, revision)
        writer.field(14, publicDigest)
    }
}

extension PublicKey {
    fileprivate func write(to writer: inout CanonicalWriter) {
        switch self {
        case .rsa(let n, let e):
            writer.message(1) {
                $0.field(1, n)
                $0.field(2, e)
            }
        case .ec(let curve, let x, let y):
            writer.message(2) {
                $0.field(1, curve.wireNumber)
                $0.field(2, x)
                $0.field(3, y)
            }
        case .ed25519(let x): writer.present(3, x)
        }
    }
}
