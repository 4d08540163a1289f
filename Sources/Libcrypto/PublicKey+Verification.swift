extension PublicKey {
    /// Whether `signature` is this key's signature over `message`. A signature of the wrong length is invalid, not an
    /// error.
    ///
    /// - Throws: if the key does not fit the scheme, or libcrypto fails.
    public func isValid(
        _ signature: Span<UInt8>, for message: Span<UInt8>, scheme: SignatureScheme
    ) throws(LibcryptoError) -> Bool {
        switch scheme {
        case .rsaPKCS1(let hash), .rsaPSS(let hash):
            // RFC 8017 sections 8.1.2 and 8.2.2, step 1. For PSS libcrypto also accepts a signature without its leading
            // zero.
            guard case .rsa(let modulus, _) = components, signature.count == modulus.count else { return false }
            return try verify(signature, message, scheme, hash)
        case .ecdsa(let curve, let hash):
            guard let der = try ECDSASignature.der(fromRaw: signature, curve: curve) else { return false }
            return try verify(der.span, message, scheme, hash)
        case .ed25519:
            return try MessageOperation("prepare to verify").verify(signature, message, with: self)
        }
    }

    private func verify(
        _ signature: Span<UInt8>, _ message: Span<UInt8>, _ scheme: SignatureScheme, _ hash: HashFunction
    ) throws(LibcryptoError) -> Bool {
        let context = try verificationContexts.context(for: self, scheme, hash)
        defer { verificationContexts.put(context) }
        return try context.operation.verify(signature, message)
    }
}
