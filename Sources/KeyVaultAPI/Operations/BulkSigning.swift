import AccessControl
import CryptographicModule
import HTTPTransport
import PoolState
import RequestPipeline
import StrictJSON

/// `POST /quorate/v1/keys/{name}/{version?}/sign`, an extension of the protocol: many values in one request, one answer
/// and one audit record for each.
enum BulkSigning {
    /// As many as a JSON array may have elements.
    static let maximumValues = 256
    /// Fast signatures done before others get their turn on the thread.
    private static let fastBatch = 32

    static let endpoints = [
        Endpoint(
            .post, "/quorate/v1/keys/{name}/{version?}/sign", operation: "KeySign",
            access: .dataAction(.keysSign, .keyNamed(parameter: "name")), isVersioned: false,
            handler: .asynchronous(sign))
    ]

    @Sendable
    private static func sign(_ context: RequestContext) async throws(APIError) -> APIResponse {
        let version = try KeyLookup.version(context)
        try OperationChecks.require(.sign, named: "sign", isTimeBound: true, of: version, now: context.now)
        let fields = try context.fields()
        let signer = try Signer(fields, version, context)
        guard let texts = try fields.strings("values"), (1...maximumValues).contains(texts.count) else {
            throw .badParameter("The parameter 'values' must be an array of 1 to \(maximumValues) base64url strings.")
        }
        // All are checked before the first is signed: a malformed request signs nothing.
        var values: [[UInt8]] = []
        for (offset, text) in texts.enumerated() {
            let value = try fields.decode(text, "values[\(offset)]")
            try signer.algorithm.requireLength(of: value, parameter: "values[\(offset)]", version)
            values.append(value)
        }
        return answer(try await outcomes(values, signer), values, signer)
    }

    /// Signs value after value, so that one request never has more than one place in the queue for slow operations.
    private static func outcomes(
        _ values: [[UInt8]], _ signer: Signer
    ) async throws(APIError) -> [Result<[UInt8], APIError>] {
        let batch = signer.version.header.keyType == .rsaHSM ? 1 : fastBatch
        var outcomes: [Result<[UInt8], APIError>] = []
        while outcomes.count < values.count {
            let next = Array(values[outcomes.count...].prefix(batch))
            do throws(APIError) {
                let signed = try await sign(next, signer)
                // All values are signed by the key as it was at one time.
                if signed.contains(.failure(.keyRecordMissing)) { throw APIError.keyRecordMissing }
                outcomes += signed
            } catch {
                // With nothing signed the request as a whole is refused, so that the client can simply repeat it.
                guard !outcomes.isEmpty, error != .keyRecordMissing else { throw error }
                outcomes += next.map { _ in .failure(error) }
            }
        }
        return outcomes
    }

    private static func sign(
        _ values: [[UInt8]], _ signer: Signer
    ) async throws(APIError) -> [Result<[UInt8], APIError>] {
        try await signer.context.compute { () throws(CryptoError) -> [Result<[UInt8], APIError>] in
            values.map { value in
                do throws(APIError) {
                    return .success(try signer.sign(value))
                } catch {
                    return .failure(error)
                }
            }
        }
    }

    private static func answer(
        _ outcomes: [Result<[UInt8], APIError>], _ values: [[UInt8]], _ signer: Signer
    ) -> APIResponse {
        var response = APIResponse.object(audit: OperationDetails(keyIdentifier: signer.keyIdentifier)) { writer in
            writer.member("kid", signer.keyIdentifier)
            writer.member("alg", signer.algorithm.name)
            writer.member("results") { writer in
                writer.array { writer in
                    for outcome in outcomes { writer.object { write(outcome, &$0) } }
                }
            }
        }
        response.parts = zip(values, outcomes).map { value, outcome -> APIResponse.Part in
            switch outcome {
            case .success: APIResponse.Part(status: 200, audit: signer.details(value))
            case .failure(let error):
                APIResponse.Part(
                    status: error.status, audit: signer.details(value), failure: "\(error.code): \(error.message)")
            }
        }
        return response
    }

    private static func write(_ outcome: Result<[UInt8], APIError>, _ writer: inout JSONWriter) {
        switch outcome {
        case .success(let signature):
            writer.name("value")
            writer.plainASCII(Base64URL.encode(signature).utf8)
        case .failure(let error):
            writer.member("error") { writer in
                writer.object { writer in
                    writer.member("code", error.code)
                    writer.member("message", error.message)
                }
            }
        }
    }
}
