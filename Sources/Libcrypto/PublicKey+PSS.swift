import CLibcrypto

extension PublicKey {
    /// Reads a PEM text whose first block is an RSA key that may only be used with PSS (id-RSASSA-PSS, RFC 4055 section
    /// 3.1), as an ordinary RSA key: the caller restricts it to `scheme`.
    ///
    /// - Throws: ``KeyError/otherPSSParameters`` if the parameters of the key do not allow `scheme`.
    package convenience init(restrictedToPSS pem: Span<UInt8>, for scheme: SignatureScheme) throws(KeyError) {
        let key = try unsafe Self.read(pem)
        defer { unsafe EVP_PKEY_free(key) }
        guard unsafe EVP_PKEY_is_a(key, "RSA-PSS") == 1, case .rsaPSS(let hash) = scheme else {
            throw .unsupportedType
        }
        // libcrypto compares the scheme with the parameters of the key.
        do throws(LibcryptoError) { _ = try unsafe KeyOperation(verifyingWith: key, scheme, hash) } catch {
            throw .otherPSSParameters
        }
        let bits = unsafe Int(EVP_PKEY_get_bits(key))
        try self.init(unsafe PublicKeyComponents(of: key, type: .rsa(bits: bits)))
    }
}
