import HTTPTransport
import RequestPipeline

/// The description of everything that a node serves, for whoever asks: it says nothing of this pool.
enum OpenAPIEndpoint {
    /// Text of the program: copied once, not for each request.
    private static let body = OpenAPIDocument.text.withUTF8Buffer { Array($0) }

    static let endpoints = [
        Endpoint(
            .get, "/quorate/v1/openapi.json", operation: "OpenAPIGet", access: .anonymous, phase: .any,
            isVersioned: false, handler: .inline { _ throws(APIError) in APIResponse(body: body) })
    ]
}
