import AccessControl
import HTTPTransport
import RequestPipeline
import StrictJSON

/// The one setting that the protocol knows: whether keys may be managed through the cloud's resource manager. There is
/// none here, so it stays off.
enum Settings {
    private static let name = "AllowKeyManagementOperationsThroughARM"

    static let endpoints = [
        Endpoint(
            .get, "/settings", operation: "SettingList", access: .dataAction(.settingsRead, .root), phase: .unsealed,
            handler: .inline { _ throws(APIError) in
                .object { writer in
                    writer.member("settings") { $0.array { $0.object(write) } }
                }
            }),
        Endpoint(
            .get, "/settings/{setting}", operation: "SettingGet", access: .dataAction(.settingsRead, .root),
            phase: .unsealed,
            handler: .inline { context throws(APIError) in
                try requireKnown(context)
                return .object(write)
            }),
        Endpoint(
            .patch, "/settings/{setting}", operation: "SettingUpdate", access: .dataAction(.settingsWrite, .root),
            phase: .unsealed,
            handler: .inline { context throws(APIError) in
                try requireKnown(context)
                let value = try context.fields().requiredString("value").lowercased()
                guard value == "false" || value == "true" else {
                    throw .badParameter("The parameter 'value' must be \"true\" or \"false\".")
                }
                guard value == "false" else {
                    throw .badParameter("This service has no resource manager, so the setting can't be turned on.")
                }
                return .object(write)
            }),
    ]

    private static func requireKnown(_ context: RequestContext) throws(APIError) {
        guard context.parameters["setting"]?.lowercased() == name.lowercased() else {
            throw .notFound("SettingNotFound", "There is no setting of this name.")
        }
    }

    @Sendable
    private static func write(_ writer: inout JSONWriter) {
        writer.member("name", name)
        writer.member("type", "boolean")
        writer.member("value", "false")
    }
}
