import ArgumentParser
import Foundation
import NIOHTTP1
import StrictJSON

/// A new key-encryption key for a living pool.
struct RotateKeyEncryptionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate-kek", abstract: "Gives the pool a new key-encryption key, and seals every key anew.",
        discussion: """
            The new key seals from now on; the node that leads seals what is stored anew, and retires the former key \
            when nothing is sealed under it. The pool serves all the time; backups and restores wait until it has \
            ended. The keys that clients use stay the same.

            Exit code 1: another change of the pool's keys, a backup or a restore is under way.

            Example: hsmctl pool rotate-kek
            """)

    private static let path = "/quorate/v1/key-encryption"

    @Flag(name: .long, help: "Shows how the last change stands, and begins none.")
    var status = false
    @Flag(name: .customLong("no-wait"), help: "Ends at once; the pool goes on by itself.")
    var isLeftAlone = false
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let keys = try await PoolClient.with(connection) { client in
            if status { return try await client.send(.GET, Self.path).body }
            let begun = try await client.send(.POST, Self.path, isRepeatable: false).body
            return isLeftAlone ? begun : try await Self.follow(begun, client)
        }
        output.print(keys, text: Self.text(keys))
    }

    private static func follow(_ begun: JSONObject, _ client: PoolClient) async throws -> JSONObject {
        let start = ContinuousClock.now
        let isTerminal = isatty(STDERR_FILENO) != 0
        var keys = begun
        defer { if isTerminal { Terminal.write("\r\u{1B}[K") } }
        while keys.flag("underWay") == true {
            try await Task.sleep(for: .milliseconds(500))
            do {
                keys = try await client.send(.GET, path).body
            } catch let error as ClientError where error.isUnavailability {
                throw ClientError.unavailable(
                    "\(error)\n        The change doesn't end with this command: hsmctl pool rotate-kek --status")
            }
            let elapsed = (ContinuousClock.now - start).components.seconds
            if isTerminal {
                Terminal.write("\r\u{1B}[K\(elapsed) s: \(keys.number("rewrapped") ?? 0) records sealed anew")
            }
        }
        return keys
    }

    private static func text(_ keys: JSONObject) -> String {
        let current = keys.text("current") ?? "?"
        let records = keys.number("rewrapped") ?? 0
        guard let began = keys.number("began") else {
            return "Key-encryption key \(current); it was never changed."
        }
        guard keys.flag("underWay") == true else {
            let seconds = (keys.number("ended") ?? began) - began
            return "Key-encryption key \(current); \(records) records were sealed anew in \(seconds) s."
        }
        return "Key-encryption key \(current); \(records) records are sealed anew so far, "
            + "and the former key \(keys.text("former") ?? "?") still opens."
    }
}
