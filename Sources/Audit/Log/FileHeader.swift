import CryptographicModule
import StrictJSON

/// The first line of each file: where the chain comes from, and what is the same in all lines.
struct FileHeader {
    static let format = 1

    let file: UInt64
    let previous: [UInt8]

    /// The header's members up to, not including, its sequence number.
    static func encode(file: UInt64, after head: AuditHead, origin: AuditOrigin, time: Int64) -> [UInt8] {
        var line = LineWriter(capacity: 1024)
        line.literal(ChainedLine.headerMark)
        line.unsigned(UInt64(format))
        line.literal(",\"file\":")
        line.unsigned(file)
        line.literal(",\"previous\":\"")
        line.base64URL(head.chain)
        line.literal("\",\"time\":\"")
        line.time(time)
        let members: [(StaticString, String?)] = [
            ("node", origin.node), ("PoolName", origin.pool), ("TenantId", origin.tenant), ("resource", origin.pool),
            ("issuer", origin.issuer),
        ]
        for case (let name, let value?) in members {
            line.literal("\",\"")
            line.literal(name)
            line.literal("\":\"")
            line.text(value, limit: 512)
        }
        line.literal("\",\"resourceProvider\":\"MICROSOFT.KEYVAULT\",\"resourceType\":\"managedHSMs\"")
        line.literal(",\"category\":\"AuditEvent\",\"resultSignature\":\"OK\",\"authentication\":\"token\"")
        line.literal(",\"subnetId\":\"(unknown)\",\"PoolType\":\"M-HSM\",\"sku_Family\":\"B\"")
        line.literal(",\"sku_Name\":\"Standard_B1\"")
        return line.bytes
    }

    /// Parses a whole header line; `nil` when it is none.
    init?(_ line: UnsafeRawBufferPointer) {
        guard ChainedLine.isHeader(line), case .object(let members)? = try? JSONReader.parse(Array(line)),
            members["header"] == .integer(Int64(Self.format)), case .integer(let file)? = members["file"], file > 0,
            case .string(let text)? = members["previous"], let previous = Base64URL.decode(text.utf8),
            previous.count == 32
        else { return nil }
        self.file = UInt64(file)
        self.previous = previous
    }
}
