import CryptographicModule
import Foundation
import HardwareTokens
import SecurityDomain

/// The section `auto_unseal` of a node's file: what opens the node when it starts.
struct AutoUnsealPlace: Sendable {
    let holder: any UnsealKeyHolder
    let provider: AutoUnsealKey.Provider
    /// What kind of holder it is, and which, in words.
    let kind: String
    let name: String
    /// What was made where, when the key was made.
    let made: String
    /// What its use means, to be said at each start; nil where there is nothing to warn of.
    let warning: String?

    private static let maximumVariables = 16
    private static let maximumVariableLength = 1024

    init(
        holder: any UnsealKeyHolder, provider: AutoUnsealKey.Provider, kind: String, name: String, made: String,
        warning: String? = nil
    ) {
        (self.holder, self.provider, self.kind, self.name) = (holder, provider, kind, name)
        (self.made, self.warning) = (made, warning)
    }

    init(_ section: ConfigurationSection, _ resolve: (String) -> String) throws(ConfigurationError) {
        self = try section.optionalString("development_key_file") == nil
            ? Self.token(section, resolve) : Self.developmentFile(section, resolve)
    }

    // MARK: A token

    private static func token(
        _ section: ConfigurationSection, _ resolve: (String) -> String
    ) throws(ConfigurationError) -> AutoUnsealPlace {
        try section.allow(
            only: ["pkcs11_module", "token", "key", "pin_file", "environment", "development_key_file"])
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
        let place = PKCS11Token.Place(
            module: module, token: try label("token", upTo: 32), key: try label("key", upTo: 64),
            environment: try environment(section))
        let pinFile = resolve(try section.string("pin_file", example: "token.pin"))
        try requirePrivate(file: pinFile)
        let token = PKCS11Token(place) { try readSecret(file: pinFile, limit: PKCS11Token.longestPIN) }
        return AutoUnsealPlace(
            holder: token, provider: .pkcs11, kind: "token", name: place.token,
            made: "key '\(place.key)' made on the token '\(place.token)'")
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

    // MARK: A file

    private static let longestFile = 4096

    /// The file needn't be there yet: nothing makes it but a command of its own.
    private static func developmentFile(
        _ section: ConfigurationSection, _ resolve: (String) -> String
    ) throws(ConfigurationError) -> AutoUnsealPlace {
        let ofTokens = ["pkcs11_module", "token", "key", "pin_file", "environment"]
        if let name = ofTokens.first(where: { section.line(ofPresent: $0) != nil }) {
            throw section.error(
                name, "stands beside 'development_key_file'", cure: "A node opens itself by a token or by a file.")
        }
        try section.allow(only: ["development_key_file"])
        let file = resolve(try section.string("development_key_file", example: "development-unseal.key"))
        let name = String(file.split(separator: "/").last ?? "")
        guard (1...64).contains(name.utf8.count), name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw section.error(
                "development_key_file", "is '\(file)'", cure: "Its name has 1 to 64 bytes, none of them a control.")
        }
        var status = stat()
        if lstat(file, &status) == 0 { try requirePrivate(file: file) }
        return AutoUnsealPlace(
            holder: DevelopmentKeyFile(path: file) { try readSecret(file: file, limit: longestFile) },
            provider: .developmentFile, kind: "development key file", name: name,
            made: "key made in the development key file \(file)",
            warning: "DEVELOPMENT ONLY: this node opens itself by a key in the file \(file). Once that is enrolled, "
                + "whoever reads the file and a node's disk has every key of the pool, without PIN, token or officer. "
                + "Use a token where keys matter.")
    }
}
