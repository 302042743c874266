import CryptographicModule
import Foundation
import HardwareTokens
import StrictJSON

/// Makes the key that is to open a node: on its token, or in its file for trials.
public enum TokenKeyMaking {
    /// - Returns: what to tell the operator.
    /// - Throws: ``ConfigurationError``, or what the token says.
    public static func run(_ configuration: NodeConfiguration) throws -> String {
        guard let place = configuration.autoUnseal else {
            throw ConfigurationError(
                file: configuration.file, problem: "it has no section 'auto_unseal'",
                cure: "Add one, as docs/operations.md describes it.")
        }
        let point = try place.holder.makeKey()
        let lines = [
            place.made, "SHA-256 of its public half: \(Hexadecimal.encode(Digest.sha256(point)))", place.warning,
        ]
        return lines.compactMap { $0 }.joined(separator: "\n")
    }
}
