import CryptographicModule
import Foundation
import HardwareTokens
import StrictJSON

/// Makes the key on a node's token that is to open it.
public enum TokenKeyMaking {
    /// - Returns: what to tell the operator.
    /// - Throws: ``ConfigurationError``, or what the token says.
    public static func run(_ configuration: NodeConfiguration) throws -> String {
        guard let place = configuration.autoUnseal else {
            throw ConfigurationError(
                file: configuration.file, problem: "it has no section 'auto_unseal'",
                cure: "Add one, as docs/operations.md describes it.")
        }
        let point = try place.token.makeKey()
        return """
            key '\(place.place.key)' made on the token '\(place.place.token)'
            SHA-256 of its public half: \(Hexadecimal.encode(Digest.sha256(point)))
            """
    }
}
