import COpenSSL

/// SHA-1 and SHA-2 (FIPS 180-4) of public data.
public enum Digest {
    /// 32 bytes.
    public static func sha256(_ bytes: [UInt8]) -> [UInt8] { bytes.withUnsafeBytes { sha256($0) } }
    /// 32 bytes.
    public static func sha256(_ bytes: UnsafeRawBufferPointer) -> [UInt8] { make(QK_SHA256, 32, bytes) }
    /// SHA-256 into memory of the caller's, for those who take very many digests.
    ///
    /// - Precondition: `target` has 32 bytes.
    public static func sha256(_ bytes: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) {
        precondition(target.count == 32, "a SHA-256 digest has 32 bytes")
        let status = qk_digest(QK_SHA256, bytes.baseAddress, bytes.count, target.baseAddress)
        precondition(status == QK_OK, "OpenSSL can't compute a digest")
    }
    /// 48 bytes.
    public static func sha384(_ bytes: [UInt8]) -> [UInt8] { bytes.withUnsafeBytes { sha384($0) } }
    /// 48 bytes.
    public static func sha384(_ bytes: UnsafeRawBufferPointer) -> [UInt8] { make(QK_SHA384, 48, bytes) }
    /// 64 bytes.
    public static func sha512(_ bytes: [UInt8]) -> [UInt8] { bytes.withUnsafeBytes { sha512($0) } }
    /// 64 bytes.
    public static func sha512(_ bytes: UnsafeRawBufferPointer) -> [UInt8] { make(QK_SHA512, 64, bytes) }
    /// Only for certificate thumbprints that the protocol fixes.
    public static func sha1(_ bytes: [UInt8]) -> [UInt8] { bytes.withUnsafeBytes { make(QK_SHA1, 20, $0) } }

    private static func make(_ hash: qk_hash, _ length: Int, _ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: length) { target, count in
            // A digest of bounded data fails only when OpenSSL could not be set up at all: nothing can go on then.
            precondition(qk_hash_length(hash) == length, "the digest is not what its name says")
            let status = qk_digest(hash, bytes.baseAddress, bytes.count, target.baseAddress)
            precondition(status == QK_OK, "OpenSSL can't compute a digest")
            count = length
        }
    }
}
