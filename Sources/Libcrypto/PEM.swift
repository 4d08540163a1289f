import CLibcrypto

extension PrivateKey {
    /// Reads a PEM text with one private key: PKCS#8 (RFC 5958), PKCS#1 or SEC 1. Other blocks may follow it.
    ///
    /// - Parameter passphrase: for an encrypted key; ignored for any other key.
    public convenience init(pem: SecretBytes, passphrase: Passphrase? = nil) throws(KeyError) {
        let key = try unsafe pem.withBytes { (bytes) throws(KeyError) -> OpaquePointer in
            try KeyBlock.check(.privateKey, in: bytes)
            return try unsafe Self.read(bytes, passphrase)
        }
        try unsafe self.init(takingOwnershipOf: key)
    }

    /// The key as PKCS#8 in PEM.
    ///
    /// - Parameter passphrase: encrypts the key (PBES2 with AES-256-CBC); `nil` leaves it unencrypted.
    public func pem(passphrase: Passphrase? = nil) throws(KeyError) -> SecretBytes {
        do throws(LibcryptoError) {
            let memory = try MemoryBIO()
            let status = unsafe withUnsafePointer { key in
                unsafe memory.withUnsafePointer { memory in
                    guard let passphrase else {
                        return unsafe PEM_write_bio_PKCS8PrivateKey(memory, key, nil, nil, 0, nil, nil)
                    }
                    return passphrase.octets.withBytes { bytes in
                        unsafe bytes.withUnsafeBytes { bytes in
                            unsafe PEM_write_bio_PKCS8PrivateKey(
                                memory, key, EVP_aes_256_cbc(),
                                bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: bytes.count),
                                nil, nil)
                        }
                    }
                }
            }
            try check(status, "write a private key")
            return try memory.withContents { (contents) throws(LibcryptoError) in
                try SecretBytes(copying: contents)
            }
        } catch {
            throw .libcrypto(error)
        }
    }

    private static func read(_ pem: Span<UInt8>, _ passphrase: Passphrase?) throws(KeyError) -> OpaquePointer {
        var request = PassphraseRequest(passphrase)
        do throws(LibcryptoError) {
            let memory = try MemoryBIO(copying: pem)
            // Without a callback libcrypto would ask for a passphrase on the terminal.
            let key = unsafe withUnsafeMutablePointer(to: &request) { request in
                unsafe memory.withUnsafePointer { memory in
                    unsafe PEM_read_bio_PrivateKey(
                        memory, nil, { unsafe PassphraseRequest.answer($0, $1, $3) }, request)
                }
            }
            return try unsafe check(key, "read a private key")
        } catch {
            guard request.wasMade else { throw KeyBlock.privateKey.reason(in: pem) }
            if passphrase == nil { throw .encrypted }
            throw error.lacksAlgorithm ? .unsupportedCipher : .wrongPassphrase
        }
    }
}

extension PublicKey {
    /// Reads a PEM text with one public key: SubjectPublicKeyInfo, RFC 7468 section 13. Other blocks may follow it.
    public convenience init(pem: Span<UInt8>) throws(KeyError) {
        try unsafe self.init(takingOwnershipOf: Self.read(pem))
    }

    /// A new `EVP_PKEY`, which the caller owns.
    static func read(_ pem: Span<UInt8>) throws(KeyError) -> OpaquePointer {
        try KeyBlock.check(.publicKey, in: pem)
        do throws(LibcryptoError) {
            let memory = try MemoryBIO(copying: pem)
            // Without a callback libcrypto would ask on the terminal for the passphrase of an encrypted block.
            let read = unsafe memory.withUnsafePointer {
                unsafe PEM_read_bio_PUBKEY($0, nil, { _, _, _, _ in -1 }, nil)
            }
            return try unsafe check(read, "read a public key")
        } catch {
            throw KeyBlock.publicKey.reason(in: pem)
        }
    }

    /// The key as SubjectPublicKeyInfo in PEM.
    public func pem() throws(KeyError) -> String {
        do throws(LibcryptoError) {
            let memory = try MemoryBIO()
            let status = unsafe withUnsafePointer { key in
                unsafe memory.withUnsafePointer { unsafe PEM_write_bio_PUBKEY($0, key) }
            }
            try check(status, "write a public key")
            return memory.withContents { contents in
                unsafe contents.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
            }
        } catch {
            throw .libcrypto(error)
        }
    }
}
