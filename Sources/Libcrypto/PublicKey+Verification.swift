import CLibcrypto

extension PublicKey {
    /// Whether `signature` is this key's signature over `message`. A signature of the wrong length is simply not.
    ///
    /// - Throws: where the key does not fit the scheme.
    public func isValid(
        _ signature: Span<UInt8>, for message: Span<UInt8>, scheme: SignatureScheme
    ) throws(LibcryptoError) -> Bool {
        switch scheme {
        case .rsaPKCS1(let hash), .rsaPSS(let hash):
            // RFC 8017 sections 8.1.2 and 8.2.2, step 1. For PSS libcrypto takes one without its leading zero, too.
            guard case .rsa(let modulus, _) = components, signature.count == modulus.count else { return false }
            return try verify(signature, digest: hash.digest(of: message), scheme: scheme)
        case .ecdsa(let curve, let hash):
            guard let der = try ECDSASignature.der(fromRaw: signature, curve: curve) else { return false }
            return try verify(der.span, digest: hash.digest(of: message), scheme: scheme)
        case .ed25519:
            return try verifyEd25519(signature, message)
        }
    }

    private func verify(
        _ signature: Span<UInt8>, digest: [UInt8], scheme: SignatureScheme
    ) throws(LibcryptoError) -> Bool {
        try verificationContexts.withContext(for: self, scheme) { $0.verify(signature, digest: digest) }
    }

    private func verifyEd25519(_ signature: Span<UInt8>, _ message: Span<UInt8>) throws(LibcryptoError) -> Bool {
        let context = try unsafe check(EVP_MD_CTX_new(), "prepare to verify")
        defer { unsafe EVP_MD_CTX_free(context) }
        try unsafe check(
            withPointer { unsafe EVP_DigestVerifyInit_ex(context, nil, nil, nil, nil, $0, nil) },
            "prepare to verify")
        let status = unsafe signature.withUnsafeBufferPointer { signature in
            unsafe message.withUnsafeBufferPointer { message in
                unsafe EVP_DigestVerify(
                    context, signature.baseAddress, signature.count, message.baseAddress, message.count)
            }
        }
        if status != 1 { ERR_clear_error() }
        return status == 1
    }
}
