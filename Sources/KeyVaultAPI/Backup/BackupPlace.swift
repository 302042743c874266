import Backup
import CivilDates
import CryptographicModule
import PoolState
import RequestPipeline
import SecurityDomain
import StrictJSON

/// Where a request wants its backup.
struct BackupPlace: Sendable {
    /// The one object of a backup's folder.
    static let object = "backup.qbk"

    let container: any BackupContainer
    private let access: BackupAccess

    var usesManagedIdentity: Bool { access == .managedIdentity }

    /// - Parameter fields: with `storageResourceUri`, and `token` or `useManagedIdentity`.
    init(_ fields: Fields, _ desk: BackupDesk) throws(APIError) {
        let usesIdentity = try fields.bool("useManagedIdentity") ?? false
        let token = try fields.string("token") ?? ""
        guard !usesIdentity || token.isEmpty else {
            throw .badParameter(
                "The parameters '\(fields.path)token' and '\(fields.path)useManagedIdentity' exclude each other.")
        }
        let uri = try fields.requiredString("storageResourceUri")
        access = usesIdentity ? .managedIdentity : token.isEmpty ? .none : .token(token)
        do throws(BackupStoreFault) {
            container = try desk.stores.container(BackupAddress(uri: uri, access: access))
        } catch {
            throw .badParameter("The parameter '\(fields.path)storageResourceUri': \(error)")
        }
    }

    /// The place that a request names; `nil` where it names none at all. A check may leave it out.
    static func named(by fields: Fields, _ desk: BackupDesk) throws(APIError) -> BackupPlace? {
        let members = ["storageResourceUri", "token", "useManagedIdentity"]
        return members.contains { fields.object[$0] != nil } ? try BackupPlace(fields, desk) : nil
    }

    /// The place of a job that another node began.
    init(of order: JobOrder, _ keyring: Keyring, _ desk: BackupDesk) throws {
        access = try Self.access(order.usesManagedIdentity, order.sealedToken, id: order.id, keyring)
        container = try desk.stores.container(BackupAddress(uri: order.container, access: access))
    }

    /// The place of the backups that the pool makes by itself.
    init(of schedule: BackupSchedule, _ keyring: Keyring, _ desk: BackupDesk) throws {
        access = try Self.access(schedule.usesManagedIdentity, schedule.sealedToken, id: schedule.id, keyring)
        container = try desk.stores.container(BackupAddress(uri: schedule.container, access: access))
    }

    /// - Parameter id: of the job or schedule that the token is sealed for.
    private static func access(
        _ usesManagedIdentity: Bool, _ sealedToken: [UInt8], id: [UInt8], _ keyring: Keyring
    ) throws -> BackupAccess {
        if usesManagedIdentity { return .managedIdentity }
        return sealedToken.isEmpty ? .none : .token(try keyring.openJobToken(sealedToken, job: id))
    }

    /// The token as other nodes may see it; empty where there is none.
    ///
    /// - Parameter id: of the job or schedule that it is sealed for.
    func sealedToken(job id: [UInt8], _ keyring: Keyring) throws -> [UInt8] {
        guard case .token(let token) = access else { return [] }
        return try keyring.sealJobToken(token, job: id)
    }

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
        let (days, rest) = max(0, milliseconds / 1000).quotientAndRemainder(dividingBy: 86_400)
        let date = CivilDay(daysSince1970: days)
        let time = [date.month, date.day, rest / 3600, rest / 60 % 60, rest % 60, Int64(id.first ?? 0) % 100]
        return "mhsm-\(pool)-\(date.year)" + time.map { $0 < 10 ? "0\($0)" : "\($0)" }.joined()
    }
}
