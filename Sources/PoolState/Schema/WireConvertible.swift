import AccessControl
import SwiftProtobuf

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A message that does not stand for a value.
struct NotConvertible: Error {}

/// A value with a Protocol Buffers message. Messages exist only between bytes and values.
protocol WireConvertible {
    associatedtype Wire: SwiftProtobuf.Message

    var wire: Wire { get }
    init(wire: Wire) throws

    /// The canonical encoding: that of ``wire``, whoever makes it.
    var canonicalBytes: [UInt8] { get }
}

extension WireConvertible {
    var canonicalBytes: [UInt8] { encodedWire }

    /// The encoding of ``wire``.
    var encodedWire: [UInt8] {
        // Encoding fails for absent required fields, which this syntax does not have, and beyond 2 GiB, which no value
        // reaches whose parts came in over any interface of this program.
        // swift-format-ignore: NeverUseForceTry
        try! wire.serializedBytes()
    }

    /// Decodes the canonical encoding and nothing else.
    init(canonicalBytes bytes: [UInt8]) throws {
        var options = BinaryDecodingOptions()
        options.messageDepthLimit = 16
        let wire = try Wire(serializedBytes: bytes, options: options)
        try self.init(wire: wire)
        guard canonicalBytes == bytes else { throw NotConvertible() }
    }
}

extension GUID {
    init(wire: Data) throws(NotConvertible) {
        guard let guid = GUID(bytes: wire) else { throw NotConvertible() }
        self = guid
    }

    var wire: Data { Data(bytes) }
}

extension Scope {
    init(wire: String) throws(NotConvertible) {
        guard let scope = Scope(path: wire) else { throw NotConvertible() }
        self = scope
    }
}

extension [UInt8] {
    var wire: Data { Data(self) }
}

extension [[UInt8]] {
    var wire: [Data] { map { Data($0) } }

    init(wire: [Data]) {
        self = wire.map { [UInt8]($0) }
    }
}

/// Converts between integers, refusing what does not fit.
func exactly<Target: FixedWidthInteger>(_ value: some BinaryInteger) throws(NotConvertible) -> Target {
    guard let converted = Target(exactly: value) else { throw NotConvertible() }
    return converted
}

/// The case with a raw value, refusing unknown ones.
func known<Target: RawRepresentable>(_ value: UInt32) throws(NotConvertible) -> Target
where Target.RawValue: FixedWidthInteger {
    let raw: Target.RawValue = try exactly(value)
    guard let converted = Target(rawValue: raw) else { throw NotConvertible() }
    return converted
}
