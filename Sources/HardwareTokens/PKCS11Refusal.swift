import CPKCS11
import Glibc

/// Why a token did nothing; its description names cause and cure.
public struct PKCS11Refusal: Error, Hashable, Sendable {
    /// As the helper process reports it; raw values are those of `CPKCS11.h`.
    public enum Cause: UInt8, CaseIterable, Sendable {
        case none = 0
        case badRequest = 1
        case noModule = 2
        case badModule = 3
        case noToken = 4
        case severalTokens = 5
        case wrongPIN = 6
        case unusablePIN = 7
        case lastTry = 8
        case noKey = 9
        case severalKeys = 10
        case unfitKey = 11
        case otherKey = 12
        case failed = 13
        case noAnswer = 14
    }

    /// What went wrong.
    public let cause: Cause
    /// Where it was tried.
    public let place: PKCS11Token.Place
    /// What the module or the system says.
    public let detail: String

    init(_ place: PKCS11Token.Place, _ cause: Cause, _ detail: String) {
        (self.place, self.cause, self.detail) = (place, cause, detail)
    }

    /// Whether the same may go better later, without a change of the configuration. Not with a wrong PIN: a token locks
    /// itself after some.
    public var mayPass: Bool {
        switch cause {
        case .noToken, .failed, .noAnswer, .noModule, .badModule, .noKey: true
        case .none, .badRequest, .severalTokens, .wrongPIN, .unusablePIN, .lastTry, .severalKeys, .unfitKey, .otherKey:
            false
        }
    }

    static func text(errno number: Int) -> String {
        Int32(number) == ETIMEDOUT
            ? "no answer within 20 s" : Int32(exactly: number).map { String(cString: strerror($0)) } ?? "\(number)"
    }
}

extension PKCS11Refusal: CustomStringConvertible {
    /// Cause and cure, for the operator.
    public var description: String {
        let (problem, cure) = sentences
        return detail.isEmpty ? "\(problem). \(cure)" : "\(problem): \(detail). \(cure)"
    }

    private var sentences: (problem: String, cure: String) {
        switch cause {
        case .none, .badRequest:
            ("The request to the token was malformed", "Check the section 'auto_unseal' of the configuration.")
        case .noModule:
            (
                "The PKCS #11 module \(place.module) can't be used",
                "Name a file that belongs to root or to the node's user and that nobody else may write."
            )
        case .badModule:
            (
                "\(place.module) doesn't work as a PKCS #11 module",
                "Name the vendor's module, and in 'environment' what it needs to find its configuration."
            )
        case .noToken: ("There is no token '\(place.token)'", "Connect it, or name its label.")
        case .severalTokens:
            ("There are several tokens '\(place.token)'", "Give the one that is meant another label.")
        case .wrongPIN:
            (
                "The token '\(place.token)' refuses the PIN",
                "Correct the PIN file, then restart the node: it isn't tried again, so that the token isn't locked."
            )
        case .unusablePIN:
            ("The PIN of the token '\(place.token)' can't be used", "Set it anew with the vendor's tool.")
        case .lastTry:
            (
                "One more wrong PIN would lock the token '\(place.token)', so none was tried",
                "Log in with the vendor's tool, then restart the node."
            )
        case .noKey:
            (
                "The token '\(place.token)' has no key '\(place.key)'",
                "Name its label, or make it with 'hsmd --make-token-key'."
            )
        case .severalKeys:
            ("The token '\(place.token)' has a key '\(place.key)' already", "Use it, or name another label.")
        case .unfitKey:
            (
                "The key '\(place.key)' on the token '\(place.token)' can't be used",
                "Make one with 'hsmd --make-token-key'."
            )
        case .otherKey: ("The token has another key", "Enrol it.")
        case .failed: ("The token '\(place.token)' failed", "Look up the number in the vendor's manual.")
        case .noAnswer: ("The token '\(place.token)' gave no answer", "Check its connection, and the module.")
        }
    }
}
