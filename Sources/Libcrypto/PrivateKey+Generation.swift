import CLibcrypto

extension PrivateKey {
    /// Makes a new RSA key with the usual exponent, 65537.
    ///
    /// - Parameter bits: the length of the modulus.
    public static func generateRSA(bits: Int) throws(KeyError) -> PrivateKey {
        try unsafe generate("RSA") { context in
            unsafe EVP_PKEY_CTX_set_rsa_keygen_bits(context, Int32(clamping: bits))
        }
    }

    /// Makes a new key on `curve`.
    public static func generate(on curve: EllipticCurve) throws(KeyError) -> PrivateKey {
        try unsafe generate("EC") { context in
            unsafe EVP_PKEY_CTX_set_group_name(context, curve.groupName)
        }
    }

    /// Makes a new Ed25519 key.
    public static func generateEd25519() throws(KeyError) -> PrivateKey {
        try unsafe generate("ED25519") { _ in 1 }
    }

    private static func generate(
        _ algorithm: String, configure: (OpaquePointer) -> Int32
    ) throws(KeyError) -> PrivateKey {
        do throws(LibcryptoError) {
            let context = try unsafe check(EVP_PKEY_CTX_new_from_name(nil, algorithm, nil), "prepare a key")
            defer { unsafe EVP_PKEY_CTX_free(context) }
            try unsafe check(EVP_PKEY_keygen_init(context), "prepare a key")
            try unsafe check(configure(context), "prepare a key")
            var key: OpaquePointer?
            try unsafe check(EVP_PKEY_generate(context, &key), "generate a key")
            let generated = try unsafe check(key, "generate a key")
            do throws(KeyError) { return try unsafe PrivateKey(takingOwnershipOf: generated) } catch {
                throw LibcryptoError(drainingQueueFor: "generate a key")
            }
        } catch {
            throw .libcrypto(error)
        }
    }
}
