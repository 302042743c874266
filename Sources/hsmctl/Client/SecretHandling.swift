import CryptographicModule

/// What has to be done before this program holds an officer's key, a share, or the root.
enum SecretHandling {
    /// Closes the ways by which memory leaves the process: core files, crash reports, other processes of the same user,
    /// and swap, where the limit of locked memory allows. Sets up the memory for keys.
    ///
    /// - Throws: `ProtectionFailure` where that can't be done.
    static func begin() throws {
        _ = try ModuleSelfSetup.prepareProcess(allowUnlocked: true)
    }
}
