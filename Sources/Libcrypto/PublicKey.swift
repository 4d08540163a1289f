import CLibcrypto

/// A public key: RSA, P-256, P-384, P-521 or Ed25519.
@safe
public final class PublicKey: @unchecked Sendable {
    // Sendable: an EVP_PKEY counts its references atomically and is not changed after initialisation.
    private let pointer: OpaquePointer
    let verificationContexts = VerificationContexts()

    /// The kind of key and its size.
    public let type: KeyType

    /// The numbers that form the key, as JOSE writes them (RFC 7518 section 6, RFC 8037 section 2).
    public let components: PublicKeyComponents

    /// Takes ownership of a key that has only the public half.
    init(takingOwnershipOf pointer: OpaquePointer) throws(KeyError) {
        guard let type = unsafe KeyType(of: pointer) else {
            defer { unsafe EVP_PKEY_free(pointer) }
            throw unsafe KeyType.refusal(of: pointer)
        }
        do throws(KeyError) {
            components = try unsafe PublicKeyComponents(of: pointer, type: type)
        } catch {
            unsafe EVP_PKEY_free(pointer)
            throw error
        }
        unsafe self.pointer = pointer
        self.type = type
    }

    /// Makes the key from its numbers.
    ///
    /// - Throws: `KeyError.invalidComponents` for a point off its curve or numbers of the wrong size.
    public convenience init(_ components: PublicKeyComponents) throws(KeyError) {
        try unsafe self.init(takingOwnershipOf: components.makeKey())
    }

    /// Copies the public half of `key` into an object without the private half.
    convenience init(reading key: OpaquePointer) throws(KeyError) {
        guard let type = unsafe KeyType(of: key) else { throw .unsupportedType }
        try self.init(unsafe PublicKeyComponents(of: key, type: type))
    }

    deinit { unsafe EVP_PKEY_free(pointer) }

    /// Lends the pointer, which must not leave the closure.
    func withUnsafePointer<Result, Failure: Error>(
        _ body: (OpaquePointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(pointer)
    }
}
