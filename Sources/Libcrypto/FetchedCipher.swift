import CLibcrypto

/// One `EVP_CIPHER`, fetched from the provider and kept until the process ends.
@safe
final class FetchedCipher: @unchecked Sendable {
    // Sendable: a fetched EVP_CIPHER is immutable.
    let pointer: OpaquePointer?

    private init(_ name: String) {
        unsafe pointer = EVP_CIPHER_fetch(nil, name, nil)
    }

    deinit { unsafe EVP_CIPHER_free(pointer) }

    static let aes256ECB = FetchedCipher("AES-256-ECB")
    static let aes256GCM = FetchedCipher("AES-256-GCM")
}
