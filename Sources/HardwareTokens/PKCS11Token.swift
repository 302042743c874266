import CPKCS11
public import CryptographicModule
import Glibc

/// A key pair on a PKCS #11 token, on the curve P-256, whose private half never leaves it.
public struct PKCS11Token: UnsealKeyHolder {
    /// Where the key is.
    public struct Place: Hashable, Sendable {
        /// Absolute path of the module.
        public let module: String
        /// Labels, in bytes of UTF-8: of the token 1 to 32, of the key 1 to 64.
        public let token: String
        /// The label (CKA_LABEL) of the pair's two objects.
        public let key: String
        /// What the module finds in its environment, each `NAME=value`; nothing else is there.
        public let environment: [String]

        /// Checks nothing: lengths and characters are those of the node's configuration.
        public init(module: String, token: String, key: String, environment: [String]) {
            (self.module, self.token, self.key, self.environment) = (module, token, key, environment)
        }
    }

    /// Where the token's key is.
    public let place: Place
    private let program: String
    private let pin: @Sendable () throws -> Secret

    /// How long a token may take for one answer, in milliseconds.
    private static let patience: Int32 = 20_000
    static let pointLength = Int(QT_POINT)
    static let secretLength = Int(QT_SECRET)
    /// In bytes.
    public static let longestPIN = 256

    /// - Parameters:
    ///   - program: that calls ``PKCS11Helper/run()`` when it is started with ``PKCS11Helper/argument``.
    ///   - pin: read anew each time.
    public init(_ place: Place, program: String = "/proc/self/exe", pin: @escaping @Sendable () throws -> Secret) {
        (self.place, self.program, self.pin) = (place, program, pin)
    }

    // MARK: Uses

    /// - Throws: ``PKCS11Refusal``, or what `body` or the reading of the PIN throws.
    public func agree<Value>(
        _ points: [(key: [UInt8], point: [UInt8])], _ body: (AgreedKey, borrowing Secret) throws -> Value
    ) throws -> Value {
        let probe = try KeyAgreement.generate()
        // The last counts for a token with any other key: what it says of itself is put to the test as well.
        let pairs = points + [(key: [UInt8](repeating: 0, count: Self.pointLength), point: probe.publicPoint)]
        return try ask(UInt8(QT_AGREE), pairs) { point, secret in
            let isKnown = points.contains { $0.key == point }
            if !isKnown, try Self.fingerprint(secret) != Self.fingerprint(try probe.agree(with: point)) {
                throw PKCS11Refusal(place, .unfitKey, "what it computes doesn't belong to its public half")
            }
            return try body(AgreedKey(publicKey: point, isKnown: isKnown), secret)
        }
    }

    /// Whether the same may go better later, without a change of the configuration.
    public func mayPass(_ failure: any Error) -> Bool { (failure as? PKCS11Refusal)?.mayPass ?? false }

    /// Has the token make the key. May take 20 s: not for an event loop.
    /// - Throws: ``PKCS11Refusal``, or what the reading of the PIN throws.
    public func makeKey() throws -> [UInt8] { try ask(UInt8(QT_MAKE), []) { point, _ in point } }

    /// What may be compared and forgotten, instead of the secret.
    private static func fingerprint(_ secret: borrowing Secret) throws -> [UInt8] {
        try KeyDerivation.derive(secret, label: "quorate/1/token-probe", context: [], bits: 256)
            .withUnsafeBytes { Array($0) }
    }

    // MARK: The helper

    private func ask<Value>(
        _ action: UInt8, _ pairs: [(key: [UInt8], point: [UInt8])],
        _ body: ([UInt8], borrowing Secret) throws -> Value
    ) throws -> Value {
        let request = try request(action, pairs, try pin())
        var length = 0
        let answer = try Secret(count: Int(QT_LONGEST_ANSWER)) { target in
            length = Self.withStrings([program, PKCS11Helper.argument]) { arguments in
                Self.withStrings(place.environment) { environment in
                    request.withUnsafeBytes { bytes in
                        qt_ask(
                            program, arguments, environment, bytes.baseAddress, bytes.count,
                            target.assumingMemoryBound(to: UInt8.self).baseAddress, Self.patience)
                    }
                }
            }
        }
        guard length >= 0 else { throw PKCS11Refusal(place, .noAnswer, PKCS11Refusal.text(errno: -length)) }
        return try answer.withUnsafeBytes { bytes in
            try read(UnsafeRawBufferPointer(rebasing: bytes[..<length]), body)
        }
    }

    private func request(
        _ action: UInt8, _ pairs: [(key: [UInt8], point: [UInt8])], _ pin: borrowing Secret
    ) throws -> Secret {
        guard (1...Self.longestPIN).contains(pin.count) else {
            throw PKCS11Refusal(place, .wrongPIN, "it has \(pin.count) bytes")
        }
        func field(_ bytes: some Collection<UInt8>) -> [UInt8] {
            [UInt8(truncatingIfNeeded: bytes.count >> 8), UInt8(truncatingIfNeeded: bytes.count)] + bytes
        }
        let head = [action] + field(place.module.utf8) + field(place.token.utf8) + field(place.key.utf8)
        let prefix = [UInt8(pin.count >> 8), UInt8(pin.count & 0xFF)]
        let tail = pairs.flatMap { $0.key + $0.point }
        let middle = head.count + prefix.count
        return try Secret(count: middle + pin.count + tail.count) { target in
            target.copyBytes(from: head + prefix)
            pin.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: target[middle...]).copyBytes(from: $0) }
            UnsafeMutableRawBufferPointer(rebasing: target[(middle + pin.count)...]).copyBytes(from: tail)
        }
    }

    private func read<Value>(
        _ answer: UnsafeRawBufferPointer, _ body: ([UInt8], borrowing Secret) throws -> Value
    ) throws -> Value {
        guard answer.count >= 3, let outcome = PKCS11Refusal.Cause(rawValue: answer[0]) else {
            throw PKCS11Refusal(place, .noAnswer, "the module has ended it")
        }
        let end = 3 + (Int(answer[1]) << 8 | Int(answer[2]))
        guard answer.count >= end else { throw PKCS11Refusal(place, .noAnswer, "the answer is cut short") }
        let detail = String(decoding: answer[3..<end], as: UTF8.self)
        guard outcome == .none else { throw PKCS11Refusal(place, outcome, detail) }
        guard answer.count == end + Self.pointLength + Self.secretLength else {
            throw PKCS11Refusal(place, .noAnswer, "the answer is cut short")
        }
        let point = Array(answer[end..<end + Self.pointLength])
        let secret = try Secret(copying: UnsafeRawBufferPointer(rebasing: answer[(end + Self.pointLength)...]))
        return try body(point, secret)
    }

    /// An array of C strings that ends with NULL, valid during the call.
    private static func withStrings<Value>(
        _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Value
    ) -> Value {
        let copies = texts.map { strdup($0) } + [nil]
        defer { for copy in copies { free(copy) } }
        return copies.withUnsafeBufferPointer { list in
            // It is never empty: it has its end.
            list.baseAddress.map(body) ?? body([nil])
        }
    }
}
