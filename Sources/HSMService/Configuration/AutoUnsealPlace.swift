import CryptographicModule
import Foundation
import HardwareTokens

/// The section `auto_unseal` of a node's file: the token that opens the node when it starts.
struct AutoUnsealPlace: Sendable {
    let place: PKCS11Token.Place
    let pinFile: String

    private static let maximumVariables = 16
    private static let maximumVariableLength = 1024

    var token: PKCS11Token {
        PKCS11Token(place) { [pinFile] in try readSecret(file: pinFile, limit: PKCS11Token.longestPIN) }
    }

    init(_ section: ConfigurationSection, _ resolve: (String) -> String) throws(ConfigurationError) {
        try section.allow(only: ["pkcs11_module", "token", "key", "pin_file", "environment"])
        let module = try section.string("pkcs11_module", example: "/usr/lib/softhsm/libsofthsm2.so")
        guard module.hasPrefix("/"), module.utf8.count <= 1024 else {
            throw section.error(
                "pkcs11_module", "is '\(module)'", cure: "Name the vendor's module by its absolute path.")
        }
        func label(_ name: String, upTo limit: Int) throws(ConfigurationError) -> String {
            let text = try section.string(name, example: "quorate")
            guard text.utf8.count <= limit, text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                throw section.error(name, "isn't a label", cure: "It has 1 to \(limit) bytes, none of them a control.")
            }
            return text
        }
        place = PKCS11Token.Place(
            module: module, token: try label("token", upTo: 32), key: try label("key", upTo: 64),
            environment: try Self.environment(section))
        pinFile = resolve(try section.string("pin_file", example: "token.pin"))
    }

    /// What the module needs to find its configuration. Nothing that changes how programs are loaded.
    private static func environment(_ section: ConfigurationSection) throws(ConfigurationError) -> [String] {
        let variables = try section.optionalStrings("environment") ?? []
        for variable in variables {
            let name = variable.prefix { $0 != "=" }
            let isName = name.utf8.allSatisfy { byte in
                (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || byte == UInt8(ascii: "_")
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            }
            guard isName, !name.isEmpty, name.count < variable.count, !name.hasPrefix("LD_"),
                variable.utf8.count <= maximumVariableLength, !variable.utf8.contains(0)
            else {
                throw section.error(
                    "environment", "has '\(variable)'", cure: "Write NAME=value; no name may begin with LD_.")
            }
        }
        guard variables.count <= maximumVariables else {
            throw section.error(
                "environment", "has \(variables.count) elements", cure: "At most \(maximumVariables) are taken.")
        }
        // The helper is this program, whose crash reports would show memory.
        return variables + ["SWIFT_BACKTRACE=enable=no"]
    }
}
