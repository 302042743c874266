import AccessControl
import CryptographicModule
import HTTPTransport
import RequestPipeline
import StrictJSON

/// `POST /rng`: random bytes from the module's generator.
enum RandomBytes {
    static let endpoints = [
        Endpoint(
            .post, "/rng", operation: "RandomBytesGet", access: .dataAction(.rng, .keys), reads: .settings,
            handler: .inline { context throws(APIError) in
                let count = try context.fields().integer("count") ?? 0
                guard (1...128).contains(count) else {
                    throw .badParameter("The parameter 'count' must be a whole number from 1 to 128.")
                }
                return .object { $0.member("value", Base64URL.encode(Random.bytes(Int(count)))) }
            })
    ]
}
