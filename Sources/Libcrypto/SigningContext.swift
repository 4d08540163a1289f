import CLibcrypto

/// Makes signatures with one key and one scheme, prepared once and used many times.
///
/// It belongs to one thread, and so does the copy of the key inside it: nothing here is shared or locked.
@safe
public final class SigningContext {
    private let key: PrivateKey
    private let scheme: SignatureScheme
    private let context: OpaquePointer

    /// - Throws: where the key does not fit the scheme.
    public init(key: PrivateKey, scheme: SignatureScheme) throws(KeyError) {
        let ownCopy = try key.copy()
        self.key = ownCopy
        self.scheme = scheme
        do throws(LibcryptoError) {
            if scheme.hash == nil {
                unsafe context = try check(EVP_MD_CTX_new(), "prepare a signature")
            } else {
                unsafe context = try ownCopy.withPointer { (key) throws(LibcryptoError) in
                    try unsafe scheme.context(for: key, "prepare a signature") { unsafe EVP_PKEY_sign_init($0) }
                }
            }
        } catch {
            throw .libcrypto(error)
        }
    }

    deinit {
        if scheme.hash == nil {
            unsafe EVP_MD_CTX_free(context)
        } else {
            unsafe EVP_PKEY_CTX_free(context)
        }
    }

    /// The signature over `message`, as JOSE writes it.
    public func sign(_ message: Span<UInt8>) throws(LibcryptoError) -> [UInt8] {
        switch scheme {
        case .rsaPKCS1(let hash), .rsaPSS(let hash):
            try sign(digest: hash.digest(of: message))
        case .ecdsa(let curve, let hash):
            try ECDSASignature.raw(fromDER: sign(digest: hash.digest(of: message)), curve: curve)
        case .ed25519:
            try signWithEd25519(message)
        }
    }

    private func sign(digest: [UInt8]) throws(LibcryptoError) -> [UInt8] {
        var count = unsafe key.withPointer { unsafe Int(EVP_PKEY_get_size($0)) }
        var signature = [UInt8](repeating: 0, count: count)
        let status = unsafe signature.withUnsafeMutableBufferPointer { signature in
            unsafe digest.withUnsafeBufferPointer { digest in
                unsafe EVP_PKEY_sign(context, signature.baseAddress, &count, digest.baseAddress, digest.count)
            }
        }
        try check(status, "sign")
        signature.removeLast(signature.count - count)
        return signature
    }

    private func signWithEd25519(_ message: Span<UInt8>) throws(LibcryptoError) -> [UInt8] {
        try unsafe check(
            key.withPointer { unsafe EVP_DigestSignInit_ex(context, nil, nil, nil, nil, $0, nil) },
            "prepare a signature")
        var count = 64
        var signature = [UInt8](repeating: 0, count: count)
        let status = unsafe signature.withUnsafeMutableBufferPointer { signature in
            unsafe message.withUnsafeBufferPointer { message in
                unsafe EVP_DigestSign(context, signature.baseAddress, &count, message.baseAddress, message.count)
            }
        }
        try check(status, "sign")
        return signature
    }
}

extension SignatureScheme {
    /// A context for many signatures, or many checks, of one key; whoever asked for it frees it.
    ///
    /// - Parameter begin: initialises it for the operation.
    /// - Throws: where the key does not fit the scheme.
    func context(
        for key: OpaquePointer, _ operation: StaticString, begin: (OpaquePointer) -> Int32
    ) throws(LibcryptoError) -> OpaquePointer {
        let context = try unsafe check(EVP_PKEY_CTX_new_from_pkey(nil, key, nil), operation)
        do throws(LibcryptoError) {
            try check(unsafe begin(context), operation)
            try unsafe apply(to: context)
        } catch {
            unsafe EVP_PKEY_CTX_free(context)
            throw error
        }
        return unsafe context
    }

    /// Sets padding and hash on a context that has been initialised to sign or to verify.
    private func apply(to context: OpaquePointer) throws(LibcryptoError) {
        let operation: StaticString = "choose a signature scheme"
        switch self {
        case .rsaPKCS1(let hash):
            try unsafe check(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING), operation)
            try unsafe check(EVP_PKEY_CTX_set_signature_md(context, hash.implementation.pointer), operation)
        case .rsaPSS(let hash):
            try unsafe check(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING), operation)
            try unsafe check(EVP_PKEY_CTX_set_signature_md(context, hash.implementation.pointer), operation)
            try unsafe check(EVP_PKEY_CTX_set_rsa_mgf1_md(context, hash.implementation.pointer), operation)
            try unsafe check(EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST), operation)
        case .ecdsa(_, let hash):
            try unsafe check(EVP_PKEY_CTX_set_signature_md(context, hash.implementation.pointer), operation)
        case .ed25519:
            break
        }
    }
}
