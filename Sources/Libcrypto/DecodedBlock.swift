import CLibcrypto

/// The contents of one PEM block, without base64. They are cleared when they are freed.
@safe
struct DecodedBlock: ~Copyable {
    private let data: UnsafeMutablePointer<UInt8>
    private let count: Int
    private let label: String

    /// Decodes the first block that has one of the labels.
    ///
    /// - Returns: `nil` if there is none, or if it is not base64.
    init?(_ labels: [String], in pem: Span<UInt8>) {
        guard let memory = try? MemoryBIO(copying: pem) else { return nil }
        while true {
            var name: UnsafeMutablePointer<CChar>?
            var header: UnsafeMutablePointer<CChar>?
            var data: UnsafeMutablePointer<UInt8>?
            var count = 0
            let status = unsafe memory.withUnsafePointer { memory in
                unsafe PEM_read_bio(memory, &name, &header, &data, &count)
            }
            guard isSuccess(status), let name = unsafe name, let data = unsafe data else { return nil }
            let label = unsafe String(cString: name)
            unsafe CLibcrypto_clearAndFree(name, label.utf8.count)
            if let header = unsafe header { unsafe CLibcrypto_clearAndFree(header, 1) }
            if labels.contains(label) {
                unsafe self.data = data
                self.count = count
                self.label = label
                return
            }
            unsafe CLibcrypto_clearAndFree(data, count)
        }
    }

    deinit { unsafe CLibcrypto_clearAndFree(data, count) }

    /// Whether it is a well-formed PKCS#8 key of an algorithm that Writ does not support.
    var isUnknownPrivateKey: Bool {
        guard label == "PRIVATE KEY" else { return false }
        var position: UnsafePointer<UInt8>? = unsafe UnsafePointer(data)
        guard let key = unsafe d2i_PKCS8_PRIV_KEY_INFO(nil, &position, count) else {
            ERR_clear_error()
            return false
        }
        defer { unsafe PKCS8_PRIV_KEY_INFO_free(key) }
        var algorithm: OpaquePointer?
        guard isSuccess(unsafe PKCS8_pkey_get0(&algorithm, nil, nil, nil, key)) else { return false }
        return unsafe Self.isUnknown(algorithm)
    }

    /// Whether it is a well-formed SubjectPublicKeyInfo of an algorithm that Writ does not support.
    var isUnknownPublicKey: Bool {
        var position: UnsafePointer<UInt8>? = unsafe UnsafePointer(data)
        let key = unsafe d2i_X509_PUBKEY(nil, &position, count)
        // libcrypto has tried to decode the key itself too.
        ERR_clear_error()
        guard let key = unsafe key else { return false }
        defer { unsafe X509_PUBKEY_free(key) }
        var algorithm: OpaquePointer?
        guard isSuccess(unsafe X509_PUBKEY_get0_param(&algorithm, nil, nil, nil, key)) else { return false }
        return unsafe Self.isUnknown(algorithm)
    }

    private static func isUnknown(_ algorithm: OpaquePointer?) -> Bool {
        ![NID_rsaEncryption, NID_X9_62_id_ecPublicKey, NID_ED25519].contains(unsafe OBJ_obj2nid(algorithm))
    }
}
