import CLibcrypto

/// A private key: RSA, P-256, P-384, P-521 or Ed25519.
@safe
public final class PrivateKey: @unchecked Sendable {
    // Sendable: an EVP_PKEY counts its references atomically and is not changed after initialisation.
    private let pointer: OpaquePointer

    /// The kind of key and its size.
    public let type: KeyType

    /// - Throws: `KeyError.unsupportedType` or `KeyError.restrictedToPSS` for a kind that Writ does not support. The key is freed in that case too.
    init(takingOwnershipOf pointer: OpaquePointer) throws(KeyError) {
        guard let type = unsafe KeyType(of: pointer) else {
            defer { unsafe EVP_PKEY_free(pointer) }
            throw unsafe KeyType.refusal(of: pointer)
        }
        unsafe self.pointer = pointer
        self.type = type
    }

    deinit { unsafe EVP_PKEY_free(pointer) }

    /// A separate key with the same value, so that threads do not contend for libcrypto's blinding lock.
    public func copy() throws(KeyError) -> PrivateKey {
        guard let duplicate = unsafe EVP_PKEY_dup(pointer) else {
            throw .libcrypto(LibcryptoError(drainingQueueFor: "copy a key"))
        }
        return try unsafe PrivateKey(takingOwnershipOf: duplicate)
    }

    /// The public half.
    public var publicKey: PublicKey {
        get throws(KeyError) {
            try unsafe withUnsafePointer { (pointer) throws(KeyError) in
                try unsafe PublicKey(reading: pointer)
            }
        }
    }

    /// Lends the pointer, which must not leave the closure.
    func withUnsafePointer<Result, Failure: Error>(
        _ body: (OpaquePointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(pointer)
    }
}
