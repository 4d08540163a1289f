import CLibcrypto

extension PublicKey {
    /// Reads the first public key of a PEM text: SubjectPublicKeyInfo, RFC 7468 section 13.
    public convenience init(pem: Span<UInt8>) throws(KeyError) {
        switch PEMLabel.first(in: pem) {
        case nil: throw .notPEM
        case "PUBLIC KEY": break
        case .some(let label): throw .unexpectedLabel(label)
        }
        let key: OpaquePointer
        do throws(LibcryptoError) {
            let memory = try MemoryBIO(copying: pem)
            // Without a callback libcrypto would ask for the passphrase of a block that says it is encrypted.
            unsafe key = try check(
                PEM_read_bio_PUBKEY(memory.pointer, nil, { _, _, _, _ in -1 }, nil), "read a public key")
        } catch {
            throw .libcrypto(error)
        }
        try unsafe self.init(takingOwnershipOf: key)
    }

    /// The key as SubjectPublicKeyInfo in PEM.
    public func pem() throws(KeyError) -> String {
        do throws(LibcryptoError) {
            let memory = try MemoryBIO()
            try unsafe check(withPointer { unsafe PEM_write_bio_PUBKEY(memory.pointer, $0) }, "write a public key")
            return memory.withContents { contents in
                unsafe contents.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
            }
        } catch {
            throw .libcrypto(error)
        }
    }
}
