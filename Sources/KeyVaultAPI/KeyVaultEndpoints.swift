public import RequestPipeline

/// The data plane: every endpoint of the Managed HSM protocol that the service answers.
public enum KeyVaultEndpoints {
    /// - Parameters:
    ///   - restoring: what the node can do with an uploaded security domain.
    ///   - backups: what full backups and restores run with.
    public static func all(restoring: any SecurityDomainRestoring, backups: BackupDesk) -> [Endpoint] {
        stateless + SecurityDomainUpload.endpoints(restoring) + FullBackup.endpoints(backups)
            + FullRestore.endpoints(backups) + RestoreOrdering.endpoints(backups) + ScheduleRoutes.endpoints(backups)
    }

    /// Those that need nothing but what every request has at hand.
    public static let stateless: [Endpoint] =
        KeyCreation.endpoints + KeyImport.endpoints + KeyReading.endpoints + KeyLifecycle.endpoints
        + KeyBackup.endpoints + KeyRotation.endpoints + KeyAttestationRoute.endpoints + KeyRelease.endpoints
        + Signing.endpoints + BulkSigning.endpoints + Encryption.endpoints + RandomBytes.endpoints
        + Settings.endpoints + RoleAssignments.endpoints + RoleDefinitions.endpoints
        + SecurityDomainDownload.endpoints
}
