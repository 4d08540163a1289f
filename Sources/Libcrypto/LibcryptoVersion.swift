import CLibcrypto

/// Which libcrypto is used.
public enum LibcryptoVersion {
    /// Of the library that was found when the process started, such as "3.0.19".
    public static var text: String {
        guard let text = unsafe OpenSSL_version(OPENSSL_VERSION_STRING) else { return "" }
        return unsafe String(cString: text)
    }
}
