import CLibcrypto

extension PrivateKey {
    /// Reads a PEM text whose first block is a private key: PKCS#8 (RFC 5958), PKCS#1 or SEC 1.
    ///
    /// - Parameter passphrase: for an encrypted key; ignored for any other key.
    public convenience init(pem: SecretBytes, passphrase: Passphrase? = nil) throws(KeyError) {
        let key = try unsafe pem.withBytes { (bytes) throws(KeyError) -> OpaquePointer in
            switch PEMLabel.first(in: bytes) {
            case nil: throw .notPEM
            case "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "EC PARAMETERS", "ENCRYPTED PRIVATE KEY": break
            case .some(let label): throw .unexpectedLabel(label)
            }
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
            guard request.wasMade else { throw .libcrypto(error) }
            throw passphrase == nil ? .encrypted : .wrongPassphrase
        }
    }
}

extension PublicKey {
    /// Reads a PEM text whose first block is a public key: SubjectPublicKeyInfo, RFC 7468 section 13.
    public convenience init(pem: Span<UInt8>) throws(KeyError) {
        switch PEMLabel.first(in: pem) {
        case nil: throw .notPEM
        case "PUBLIC KEY": break
        case .some(let label): throw .unexpectedLabel(label)
        }
        let key: OpaquePointer
        do throws(LibcryptoError) {
            let memory = try MemoryBIO(copying: pem)
            // Without a callback libcrypto would ask on the terminal for the passphrase of an encrypted block.
            let read = unsafe memory.withUnsafePointer {
                unsafe PEM_read_bio_PUBKEY($0, nil, { _, _, _, _ in -1 }, nil)
            }
            unsafe key = try check(read, "read a public key")
        } catch {
            throw .libcrypto(error)
        }
        try unsafe self.init(takingOwnershipOf: key)
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

/// The label of a PEM block, RFC 7468 section 2: the text between `-----BEGIN ` and `-----`.
private enum PEMLabel {
    /// The label of the first block in `bytes`, or `nil` if there is none.
    static func first(in bytes: Span<UInt8>) -> String? {
        let opening = Array("-----BEGIN ".utf8)
        guard bytes.count > opening.count else { return nil }
        var start = 0
        search: while start <= bytes.count - opening.count {
            for offset in opening.indices where bytes[start + offset] != opening[offset] {
                start += 1
                continue search
            }
            return label(in: bytes, from: start + opening.count)
        }
        return nil
    }

    /// Labels are printable ASCII. No label that Writ reads is longer than 64 characters.
    private static func label(in bytes: Span<UInt8>, from start: Int) -> String? {
        var label: [UInt8] = []
        for index in start..<min(start + 64, bytes.count) {
            let byte = bytes[index]
            if byte == UInt8(ascii: "-") { return String(decoding: label, as: UTF8.self) }
            guard (0x20...0x7E).contains(byte) else { return nil }
            label.append(byte)
        }
        return nil
    }
}
