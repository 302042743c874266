/// The headers of every answer.
enum AnswerHeaders {
    static func common(requestID: String) -> [(String, String)] {
        [
            ("x-ms-request-id", requestID),
            ("cache-control", "no-cache"),
            ("strict-transport-security", "max-age=31536000; includeSubDomains"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "SAMEORIGIN"),
            ("content-security-policy", "default-src 'self'"),
        ]
    }
}
