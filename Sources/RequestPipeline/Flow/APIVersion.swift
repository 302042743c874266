/// The versions of the protocol that the service answers to.
public enum APIVersion {
    public static let known: Set<String> = [
        "2016-10-01", "7.0", "7.1", "7.2-preview", "7.2", "7.3-preview", "7.3", "7.4-preview.1", "7.4", "7.5-preview.1",
        "7.5",
        "7.6-preview.1", "7.6-preview.2", "7.6", "2025-06-01-preview", "2025-07-01", "2026-04-01",
    ]

    static func refusal(of version: String?) -> APIError? {
        guard let version else {
            return .badParameter(
                "The parameter 'api-version' is missing. The newest that this service knows is 2025-07-01.")
        }
        guard known.contains(version) else {
            return .badParameter("The parameter 'api-version' names a version that this service doesn't know.")
        }
        return nil
    }
}
