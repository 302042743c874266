/// The versions of the protocol that the service answers to.
public enum APIVersion {
    /// The values of `api-version` that are honoured, compared to the letter. All are served alike.
    public static let known: Set<String> = [
        "2016-10-01", "7.0", "7.1", "7.2-preview", "7.2", "7.3-preview", "7.3", "7.4-preview.1", "7.4", "7.5-preview.1",
        "7.5",
        "7.6-preview.1", "7.6-preview.2", "7.6", "2025-06-01-preview", "2025-07-01", "2026-01-01-preview", "2026-04-01",
    ]

    /// - Parameters:
    ///   - version: the request's; `nil` without one.
    ///   - isLinked: whether the request follows the link to a list's next page. Half of the clients follow it as it
    ///     is, the others add their version, so it may lack one; one that is there must be known all the same.
    static func refusal(of version: String?, isLinked: Bool = false) -> APIError? {
        guard let version else {
            if isLinked { return nil }
            return .badParameter(
                "The parameter 'api-version' is missing. The newest that this service knows is 2025-07-01.")
        }
        guard known.contains(version) else {
            return .badParameter("The parameter 'api-version' names a version that this service doesn't know.")
        }
        return nil
    }
}
