import CLibcrypto

extension PrivateKey {
    /// Reads the first private key of a PEM text: PKCS#8 (RFC 5958), PKCS#1 or SEC 1, not encrypted.
    public convenience init(pem: SecretBytes) throws(KeyError) {
        let key = try unsafe pem.withBytes { (bytes) throws(KeyError) -> OpaquePointer in
            switch PEMLabel.first(in: bytes) {
            case nil: throw .notPEM
            case "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "EC PARAMETERS": break
            case "ENCRYPTED PRIVATE KEY": throw .encrypted
            case .some(let label): throw .unexpectedLabel(label)
            }
            return try unsafe Self.read(bytes)
        }
        try unsafe self.init(takingOwnershipOf: key)
    }

    /// The key as PKCS#8 in PEM, not encrypted.
    public func pem() throws(KeyError) -> SecretBytes {
        do throws(LibcryptoError) {
            let memory = try MemoryBIO()
            let status = unsafe withPointer {
                unsafe PEM_write_bio_PKCS8PrivateKey(memory.pointer, $0, nil, nil, 0, nil, nil)
            }
            try check(status, "write a private key")
            return try memory.withContents { (contents) throws(LibcryptoError) in
                try SecretBytes(copying: contents)
            }
        } catch {
            throw .libcrypto(error)
        }
    }

    private static func read(_ pem: Span<UInt8>) throws(KeyError) -> OpaquePointer {
        do throws(LibcryptoError) {
            let memory = try MemoryBIO(copying: pem)
            // Without a callback libcrypto would ask for a passphrase on the terminal.
            return try unsafe check(
                PEM_read_bio_PrivateKey(memory.pointer, nil, { _, _, _, _ in -1 }, nil), "read a private key")
        } catch {
            throw error.reasons.contains("bad password read") ? .encrypted : .libcrypto(error)
        }
    }
}
