import ArgumentParser
import Foundation
import StrictJSON

/// How a container is opened.
struct PlaceOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("File that holds the container's SAS token. [env: QUORATE_SAS]", valueName: "file"),
        completion: .file())
    var sasFile: String?

    @Flag(name: .long, help: "Open the blob container with the identity that the cloud gave the node's machine.")
    var managedIdentity = false

    func validate() throws {
        guard !managedIdentity || sasFile == nil else {
            throw ValidationError("--managed-identity and --sas-file exclude each other.")
        }
    }

    /// - Parameter container: its URI. Only a blob container is shown a token.
    func access(to container: String) throws -> PlaceAccess {
        guard container.hasPrefix("https://"), !managedIdentity else {
            return PlaceAccess(container: container, token: nil, usesManagedIdentity: managedIdentity)
        }
        return PlaceAccess(container: container, token: try token(), usesManagedIdentity: false)
    }

    private func token() throws -> String? {
        if let sasFile {
            return String(decoding: try Files.read(sasFile), as: UTF8.self)
                .trimmingCharacters(in: .whitespacesAndNewlines)
        }
        return ProcessInfo.processInfo.environment["QUORATE_SAS"].flatMap { $0.isEmpty ? nil : $0 }
    }
}

/// A container and what opens it, as requests say it.
struct PlaceAccess {
    let container: String
    let token: String?
    let usesManagedIdentity: Bool

    func write(_ writer: inout JSONWriter) {
        writer.member("storageResourceUri", container)
        if let token { writer.member("token", token) }
        if usesManagedIdentity { writer.member("useManagedIdentity", true) }
    }
}
