import CryptographicModule
import NodeEnvironment

/// Identifiers and timeouts from the cryptographic module's public generator.
final class SystemRandom: NodeRandom {
    func uint64() -> UInt64 { Random.bytes(8).reduce(0) { $0 << 8 | UInt64($1) } }
    func bytes(_ count: Int) -> [UInt8] { Random.bytes(count) }
}
