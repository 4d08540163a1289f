import CPKCS11

/// What is done with keys.
extension Cryptoki {
    /// Begins a signature.
    func beginSignature(_ mechanism: SignMechanism, with key: UInt, in session: UInt) throws(TokenFailure) {
        try unsafe call("C_SignInit") {
            unsafe CPKCS11_signInit($0, session, mechanism.type, mechanism.isPSS ? 1 : 0, key)
        }
    }

    /// Ends a signature.
    func signature(of data: [UInt8], in session: UInt) throws(TokenFailure) -> [UInt8] {
        // As long as one of an RSA key of 16384 bits.
        var signature = [UInt8](repeating: 0, count: 2048)
        var count = UInt(signature.count)
        try unsafe call("C_Sign") { list in
            unsafe signature.withUnsafeMutableBufferPointer {
                unsafe CPKCS11_sign(list, session, data, UInt(data.count), $0.baseAddress, &count)
            }
        }
        return Array(signature.prefix(Int(min(count, UInt(signature.count)))))
    }

    /// Makes a key.
    ///
    /// - Parameter mechanism: a `CKM_`.
    func generateKeyPair(
        _ mechanism: UInt, publicHalf: AttributeTemplate, privateHalf: AttributeTemplate, in session: UInt
    ) throws(TokenFailure) -> (publicHalf: UInt, privateHalf: UInt) {
        var keys: (publicHalf: UInt, privateHalf: UInt) = (0, 0)
        try unsafe call("C_GenerateKeyPair") {
            unsafe CPKCS11_generateKeyPair(
                $0, session, mechanism, publicHalf.types, publicHalf.lengths, publicHalf.values, publicHalf.count,
                privateHalf.types, privateHalf.lengths, privateHalf.values, privateHalf.count, &keys.publicHalf,
                &keys.privateHalf)
        }
        return keys
    }

    /// Removes an object from its token.
    func destroy(_ object: UInt, in session: UInt) throws(TokenFailure) {
        try unsafe call("C_DestroyObject") { unsafe CPKCS11_destroyObject($0, session, object) }
    }
}
