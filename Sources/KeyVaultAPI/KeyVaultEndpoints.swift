public import RequestPipeline

/// The data plane: every endpoint of the Managed HSM protocol that the service answers.
public enum KeyVaultEndpoints {
    public static let all: [Endpoint] =
        KeyCreation.endpoints + KeyImport.endpoints + KeyReading.endpoints + KeyLifecycle.endpoints
        + KeyBackup.endpoints + KeyRotation.endpoints + KeyAttestationRoute.endpoints + KeyRelease.endpoints
        + Signing.endpoints + BulkSigning.endpoints + Encryption.endpoints + RandomBytes.endpoints
        + Settings.endpoints + RoleAssignments.endpoints + RoleDefinitions.endpoints + SecurityDomainDownload.endpoints
}
