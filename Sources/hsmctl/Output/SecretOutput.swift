import ArgumentParser
import StrictJSON

/// What becomes of a secret that the service tells once: it is printed, or written to a file.
struct SecretOutput: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("Write the secret to this new file (mode 0600) and don't print it.", valueName: "file"),
        completion: .file())
    var secretFile: String?

    /// Shows what is made. The file is there before anything is asked for, so that no secret is lost for want of one.
    ///
    /// - Parameter cure: What to do about a secret that was made and couldn't be written.
    func show(
        in output: OutputOptions, _ make: () async throws -> JSONObject, cure: (JSONObject) -> String
    ) async throws {
        guard let secretFile else {
            let made = try await make()
            return output.print(made) { .fields(made) }
        }
        var file = try SecretFile(creating: secretFile)
        let made = try await make()
        do {
            try file.store(Array((made.text("clientSecret") ?? "").utf8))
        } catch {
            throw ClientError.unreadable("\(error) \(cure(made))")
        }
        let shown = made.without("clientSecret")
        output.print(shown) { .fields(shown) }
    }
}
