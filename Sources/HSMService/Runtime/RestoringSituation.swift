import CryptographicModule
import KeyVaultAPI
import SecurityDomain

/// What can be brought to a node now: a sealed node is opened by its pool's root, and a new pool takes over the
/// security domain of one that was lost. An activated pool takes no other root.
enum RestoringSituation {
    case sealed(SealedKeyring, other: OtherOfficers? = nil)
    case newPool(Keyring)
    /// Nothing, and why.
    case closed(String)

    /// What is to be done with a root that officers have brought.
    ///
    /// - Throws: ``RestoringRefusal`` where it doesn't fit.
    func step(for domain: OpenedDomain) throws(RestoringRefusal) -> RestoringStep {
        do {
            switch self {
            case .closed(let reason): throw RestoringRefusal(reason, isConflict: true)
            case .sealed(let material, let other):
                var identity = material.identity
                if let other, domain.identity.generation == other.material.identity.generation {
                    identity = other.material.identity
                }
                try domain.check(matches: identity)
                return .unseal(try OtherOfficers.keyring(by: domain.root, ruling: material, other: other))
            case .newPool(let keyring): return .adopt(try keyring.adopting(domain))
            }
        } catch let refusal as RestoringRefusal {
            throw refusal
        } catch {
            throw RestoringRefusal("The upload doesn't open this pool: \(error).")
        }
    }
}

/// What was brought fits, and this is to be done.
enum RestoringStep: Sendable {
    case unseal(Keyring)
    case adopt(Keyring.Adoption)

    var progress: String {
        switch self {
        case .unseal: "The root is the pool's. The node waits for a majority of the pool."
        case .adopt: "The root is genuine. The pool takes over the security domain."
        }
    }
}
