import CLibcrypto

extension PrivateKey {
    /// The octets that a passphrase may have: more than `PEM_BUFSIZE` libcrypto would write with, and not read with.
    public static let passphraseSizes = 1...1024

    /// Reads the first private key of a PEM text: PKCS#8 (RFC 5958), PKCS#1 or SEC 1.
    ///
    /// - Parameter passphrase: for encrypted PKCS#8; of no consequence for a key that is not encrypted.
    public convenience init(pem: SecretBytes, passphrase: SecretBytes? = nil) throws(KeyError) {
        let key = try unsafe pem.withBytes { (bytes) throws(KeyError) -> OpaquePointer in
            switch PEMLabel.first(in: bytes) {
            case nil: throw .notPEM
            case "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "EC PARAMETERS": break
            case "ENCRYPTED PRIVATE KEY":
                guard passphrase != nil else { throw .encrypted }
            case .some(let label): throw .unexpectedLabel(label)
            }
            return try unsafe Self.read(bytes, passphrase)
        }
        try unsafe self.init(takingOwnershipOf: key)
    }

    /// The key as PKCS#8 in PEM.
    ///
    /// - Parameter passphrase: encrypts it (PBES2 with AES-256-CBC); nil leaves it as it is.
    public func pem(passphrase: SecretBytes? = nil) throws(KeyError) -> SecretBytes {
        do throws(LibcryptoError) {
            let memory = try MemoryBIO()
            let status = unsafe withPointer { key in
                guard let passphrase else {
                    return unsafe PEM_write_bio_PKCS8PrivateKey(memory.pointer, key, nil, nil, 0, nil, nil)
                }
                return passphrase.withBytes { bytes in
                    unsafe bytes.withUnsafeBytes { bytes in
                        unsafe PEM_write_bio_PKCS8PrivateKey(
                            memory.pointer, key, EVP_aes_256_cbc(),
                            bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: bytes.count), nil,
                            nil)
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

    private static func read(_ pem: Span<UInt8>, _ passphrase: SecretBytes?) throws(KeyError) -> OpaquePointer {
        do throws(LibcryptoError) {
            let memory = try MemoryBIO(copying: pem)
            // Without a callback libcrypto would ask for a passphrase on the terminal.
            let key = unsafe withUnsafePointer(to: passphrase) { passphrase in
                unsafe PEM_read_bio_PrivateKey(
                    memory.pointer, nil,
                    { buffer, size, _, passphrase in
                        unsafe PrivateKey.copyPassphrase(passphrase, to: buffer, size)
                    },
                    UnsafeMutableRawPointer(mutating: passphrase))
            }
            return try unsafe check(key, "read a private key")
        } catch {
            if error.reasons.contains("bad password read") { throw .encrypted }
            throw passphrase != nil && PEMLabel.first(in: pem) == "ENCRYPTED PRIVATE KEY"
                ? .wrongPassphrase : .libcrypto(error)
        }
    }

    /// libcrypto's `pem_password_cb`: the number of octets, or -1 where there is no passphrase that fits.
    private static func copyPassphrase(
        _ passphrase: UnsafeMutableRawPointer?, to buffer: UnsafeMutablePointer<CChar>?, _ size: Int32
    ) -> Int32 {
        guard let passphrase = unsafe passphrase?.assumingMemoryBound(to: SecretBytes?.self).pointee,
            passphrase.count <= Int(size)
        else { return -1 }
        return passphrase.withBytes { bytes in
            unsafe bytes.withUnsafeBytes { bytes in
                unsafe UnsafeMutableRawBufferPointer(start: buffer, count: Int(size)).copyMemory(from: bytes)
                return Int32(clamping: bytes.count)
            }
        }
    }
}
