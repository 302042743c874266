import Backup
import CryptographicModule
import HTTPTransport
import PoolState
import RequestPipeline
import SecurityDomain
import StrictJSON

/// Where a request wants its backup.
struct BackupPlace: Sendable {
    /// The one object of a backup's folder.
    static let object = "backup.qbk"

    let container: any BackupContainer
    private let token: String?

    /// - Parameter fields: with `storageResourceUri` and `token`.
    init(_ fields: Fields, _ desk: BackupDesk) throws(APIError) {
        if try fields.bool("useManagedIdentity") == true {
            throw .badParameter(
                "The parameter '\(fields.path)useManagedIdentity': this service has no identity of the cloud's. "
                    + "Use a SAS token.")
        }
        let token = try fields.string("token")
        let address = BackupAddress(uri: try fields.requiredString("storageResourceUri"), token: token)
        do throws(BackupStoreFault) {
            container = try desk.stores.container(address)
        } catch {
            throw .badParameter("The parameter '\(fields.path)storageResourceUri': \(error)")
        }
        self.token = token
    }

    /// The place of a job that another node began.
    init(of order: JobOrder, _ keyring: Keyring, _ desk: BackupDesk) throws {
        token = order.sealedToken.isEmpty ? nil : try keyring.openJobToken(order.sealedToken, job: order.id)
        container = try desk.stores.container(BackupAddress(uri: order.container, token: token))
    }

    /// The place of a backup that the pool makes by itself.
    init(scheduled uri: String, token: String?, _ desk: BackupDesk) throws(BackupStoreFault) {
        self.token = token
        container = try desk.stores.container(BackupAddress(uri: uri, token: token))
    }

    func sealedToken(job: [UInt8], _ keyring: Keyring) throws -> [UInt8] {
        guard let token, !token.isEmpty else { return [] }
        return try keyring.sealJobToken(token, job: job)
    }

    /// The token as other nodes may see it; empty where there is none.
    func sealedToken(job: [UInt8], _ context: RequestContext) throws(APIError) -> [UInt8] {
        guard let keyring = context.services.custody.unsealed?.keyring else { throw .sealed }
        do {
            return try sealedToken(job: job, keyring)
        } catch {
            throw .badParameter("The parameter 'token' is longer than a token can be.")
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
