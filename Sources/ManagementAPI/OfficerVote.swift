import CryptographicModule
import PoolState
import RequestPipeline
import SecurityDomain
import StrictJSON

/// An officer's word in a request: which officer it says it is of, and a signature. Worth nothing before it is checked.
struct OfficerVote {
    /// From 1.
    private let place: Int
    private let signature: [UInt8]

    init(_ context: RequestContext) throws(APIError) {
        let body = try context.jsonBody()
        guard case .integer(let officer)? = body["officer"], (1...255).contains(officer) else {
            throw .badParameter("The parameter 'officer' must be the officer's place, from 1.")
        }
        guard case .string(let text)? = body["signature"], let signature = Base64URL.decode(text),
            (1...1024).contains(signature.count)
        else { throw .badParameter("The parameter 'signature' must be base64url.") }
        (place, self.signature) = (Int(officer), signature)
    }

    /// Takes the officer's word where the officer has given it.
    ///
    /// - Parameters:
    ///   - officers: their certificates, DER, in order.
    ///   - what: that was to be signed, for the person who hears that it wasn't.
    ///   - isSigned: whether the officer of this place and public key has signed it.
    /// - Returns: what the pool keeps.
    func checked(
        of officers: [[UInt8]], title: String = "officer", over what: String,
        _ isSigned: (_ officer: Int, _ publicKey: [UInt8], _ signature: [UInt8]) -> Bool
    ) throws(APIError) -> RootVote {
        guard officers.indices.contains(place - 1) else { throw .badParameter("There is no \(title) \(place).") }
        guard let officer = try? OfficerCertificate(der: officers[place - 1]),
            isSigned(place, officer.publicKey, signature)
        else { throw .badParameter("The signature isn't \(title) \(place)'s over \(what).") }
        return RootVote(officer: UInt8(place), signature: signature)
    }
}
