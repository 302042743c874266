import Backup
import CryptographicModule
import HTTPTransport
import RequestPipeline
import StrictJSON

/// Where a request wants its backup.
enum BackupPlace {
    /// The one object of a backup's folder.
    static let object = "backup.qbk"

    /// - Parameter fields: with `storageResourceUri` and `token`.
    static func container(_ fields: Fields, _ desk: BackupDesk) throws(APIError) -> any BackupContainer {
        if try fields.bool("useManagedIdentity") == true {
            throw .badParameter(
                "The parameter '\(fields.path)useManagedIdentity': this service has no identity of the cloud's. "
                    + "Use a SAS token.")
        }
        let address = BackupAddress(
            uri: try fields.requiredString("storageResourceUri"), token: try fields.string("token"))
        do throws(BackupStoreFault) {
            return try desk.stores.container(address)
        } catch {
            throw .badParameter("The parameter '\(fields.path)storageResourceUri': \(error)")
        }
    }

    /// `mhsm-{pool}-{YYYYMMDDHHmmss}{two digits}`, as clients know it. The digits tell backups of one second apart.
    static func folder(pool: String, milliseconds: Int64, id: [UInt8]) -> String {
        let seconds = Int(max(0, milliseconds / 1000))
        let (year, month, day) = HTTPDateCache.civilDate(daysSince1970: seconds / 86_400)
        let rest = seconds % 86_400
        let time = [month, day, rest / 3600, rest / 60 % 60, rest % 60, Int(id.first ?? 0) % 100]
        return "mhsm-\(pool)-\(year)" + time.map { $0 < 10 ? "0\($0)" : "\($0)" }.joined()
    }
}
