import CLibcrypto

/// One `EVP_PKEY_CTX`, prepared to sign or to verify with one key and one scheme. It is used many times, by one thread
/// at a time.
@safe
struct KeyOperation: ~Copyable {
    private let pointer: OpaquePointer
    private let digests: DigestOperation

    private init(takingOwnershipOf pointer: OpaquePointer, _ digests: consuming DigestOperation) {
        unsafe self.pointer = pointer
        self.digests = digests
    }

    /// - Parameter hash: the hash of the scheme.
    /// - Throws: if the key does not fit the scheme.
    init(signingWith key: PrivateKey, _ scheme: SignatureScheme, _ hash: HashFunction) throws(LibcryptoError) {
        let context = unsafe key.withUnsafePointer { unsafe EVP_PKEY_CTX_new_from_pkey(nil, $0, nil) }
        self = try unsafe Self.prepared(context, scheme, hash, "prepare a signature") { unsafe EVP_PKEY_sign_init($0) }
    }

    /// - Parameter hash: the hash of the scheme.
    /// - Throws: if the key does not fit the scheme.
    init(verifyingWith key: PublicKey, _ scheme: SignatureScheme, _ hash: HashFunction) throws(LibcryptoError) {
        let context = unsafe key.withUnsafePointer { unsafe EVP_PKEY_CTX_new_from_pkey(nil, $0, nil) }
        self = try unsafe Self.prepared(context, scheme, hash, "prepare to verify") { unsafe EVP_PKEY_verify_init($0) }
    }

    /// - Parameters:
    ///   - key: a key of any kind, which is not owned.
    ///   - hash: the hash of the scheme.
    /// - Throws: if the key does not fit the scheme.
    init(verifyingWith key: OpaquePointer, _ scheme: SignatureScheme, _ hash: HashFunction) throws(LibcryptoError) {
        let context = unsafe EVP_PKEY_CTX_new_from_pkey(nil, key, nil)
        self = try unsafe Self.prepared(context, scheme, hash, "prepare to verify") { unsafe EVP_PKEY_verify_init($0) }
    }

    /// - Parameters:
    ///   - context: is owned by the operation from now on; `nil` if libcrypto could not make it.
    ///   - begin: initialises the context to sign or to verify.
    private static func prepared(
        _ context: OpaquePointer?, _ scheme: SignatureScheme, _ hash: HashFunction, _ name: StaticString,
        begin: (OpaquePointer) -> Int32
    ) throws(LibcryptoError) -> KeyOperation {
        let digests: DigestOperation
        do throws(LibcryptoError) { digests = try DigestOperation(hash) } catch {
            unsafe EVP_PKEY_CTX_free(context)
            throw error
        }
        let operation = try unsafe KeyOperation(takingOwnershipOf: check(context, name), digests)
        try check(unsafe begin(operation.pointer), name)
        try operation.apply(scheme)
        return operation
    }

    deinit { unsafe EVP_PKEY_CTX_free(pointer) }

    /// Sets padding and hash.
    private func apply(_ scheme: SignatureScheme) throws(LibcryptoError) {
        switch scheme {
        case .rsaPKCS1(let hash):
            try choose(unsafe EVP_PKEY_CTX_set_rsa_padding(pointer, RSA_PKCS1_PADDING))
            try choose(hash)
        case .rsaPSS(let hash):
            try choose(unsafe EVP_PKEY_CTX_set_rsa_padding(pointer, RSA_PKCS1_PSS_PADDING))
            try choose(hash)
            let pointer = unsafe self.pointer
            try choose(
                unsafe hash.implementation.withUnsafePointer { unsafe EVP_PKEY_CTX_set_rsa_mgf1_md(pointer, $0) })
            try choose(unsafe EVP_PKEY_CTX_set_rsa_pss_saltlen(pointer, RSA_PSS_SALTLEN_DIGEST))
        case .ecdsa(_, let hash):
            try choose(hash)
        case .ed25519:
            break
        }
    }

    private func choose(_ hash: HashFunction) throws(LibcryptoError) {
        let pointer = unsafe self.pointer
        try choose(
            unsafe hash.implementation.withUnsafePointer { unsafe EVP_PKEY_CTX_set_signature_md(pointer, $0) })
    }

    private func choose(_ status: Int32) throws(LibcryptoError) { try check(status, "choose a signature scheme") }

    /// - Parameter size: the maximum length of the signature, in octets.
    func sign(_ message: Span<UInt8>, size: Int) throws(LibcryptoError) -> [UInt8] {
        let digest = try digests.digest(of: message)
        let digestSize = digests.size
        var count = size
        var signature = [UInt8](repeating: 0, count: count)
        let pointer = unsafe self.pointer
        let status = unsafe signature.withUnsafeMutableBufferPointer { signature in
            unsafe digest.span.withUnsafeBufferPointer { digest in
                unsafe EVP_PKEY_sign(pointer, signature.baseAddress, &count, digest.baseAddress, digestSize)
            }
        }
        try check(status, "sign")
        signature.removeLast(signature.count - count)
        return signature
    }

    func verify(_ signature: Span<UInt8>, _ message: Span<UInt8>) throws(LibcryptoError) -> Bool {
        let digest = try digests.digest(of: message)
        let digestSize = digests.size
        let pointer = unsafe self.pointer
        let status = unsafe signature.withUnsafeBufferPointer { signature in
            unsafe digest.span.withUnsafeBufferPointer { digest in
                unsafe EVP_PKEY_verify(
                    pointer, signature.baseAddress, signature.count, digest.baseAddress, digestSize)
            }
        }
        return try isValid(status)
    }
}

/// One `EVP_MD_CTX` that computes digests one after the other: making it for each takes longer than initializing it again.
@safe
struct DigestOperation: ~Copyable {
    private let pointer: OpaquePointer
    private let hash: HashFunction

    init(_ hash: HashFunction) throws(LibcryptoError) {
        unsafe pointer = try check(EVP_MD_CTX_new(), "prepare a digest")
        self.hash = hash
    }

    deinit { unsafe EVP_MD_CTX_free(pointer) }

    /// The number of octets of a digest.
    var size: Int { hash.digestSize }

    /// The digest of `message`, and zeros after it.
    func digest(of message: Span<UInt8>) throws(LibcryptoError) -> InlineArray<64, UInt8> {
        var digest = InlineArray<64, UInt8>(repeating: 0)
        let pointer = unsafe self.pointer
        try check(
            unsafe hash.implementation.withUnsafePointer { unsafe EVP_DigestInit_ex2(pointer, $0, nil) },
            "begin a digest")
        let status = unsafe message.withUnsafeBytes { message in
            unsafe EVP_DigestUpdate(pointer, message.baseAddress, message.count)
        }
        try check(status, "compute a digest")
        var octets = digest.mutableSpan
        try check(
            unsafe octets.withUnsafeMutableBufferPointer { unsafe EVP_DigestFinal_ex(pointer, $0.baseAddress, nil) },
            "end a digest")
        return digest
    }
}

/// One `EVP_MD_CTX` for Ed25519, which hashes the message itself.
@safe
struct MessageOperation: ~Copyable {
    private let pointer: OpaquePointer

    init(_ operation: StaticString) throws(LibcryptoError) {
        unsafe pointer = try check(EVP_MD_CTX_new(), operation)
    }

    deinit { unsafe EVP_MD_CTX_free(pointer) }

    func sign(_ message: Span<UInt8>, with key: PrivateKey) throws(LibcryptoError) -> [UInt8] {
        let pointer = unsafe self.pointer
        try check(
            unsafe key.withUnsafePointer { unsafe EVP_DigestSignInit_ex(pointer, nil, nil, nil, nil, $0, nil) },
            "prepare a signature")
        // RFC 8032 section 5.1.6
        var count = 64
        var signature = [UInt8](repeating: 0, count: count)
        let status = unsafe signature.withUnsafeMutableBufferPointer { signature in
            unsafe message.withUnsafeBufferPointer { message in
                unsafe EVP_DigestSign(pointer, signature.baseAddress, &count, message.baseAddress, message.count)
            }
        }
        try check(status, "sign")
        return signature
    }

    func verify(
        _ signature: Span<UInt8>, _ message: Span<UInt8>, with key: PublicKey
    ) throws(LibcryptoError) -> Bool {
        let pointer = unsafe self.pointer
        try check(
            unsafe key.withUnsafePointer { unsafe EVP_DigestVerifyInit_ex(pointer, nil, nil, nil, nil, $0, nil) },
            "prepare to verify")
        let status = unsafe signature.withUnsafeBufferPointer { signature in
            unsafe message.withUnsafeBufferPointer { message in
                unsafe EVP_DigestVerify(
                    pointer, signature.baseAddress, signature.count, message.baseAddress, message.count)
            }
        }
        return try isValid(status)
    }
}
