import CLibcrypto

/// Converts between libcrypto's DER and the R || S of RFC 7518 section 3.4.
enum ECDSASignature {
    static func raw(fromDER der: [UInt8], curve: EllipticCurve) throws(LibcryptoError) -> [UInt8] {
        let signature = unsafe der.withUnsafeBufferPointer { der in
            var start = der.baseAddress
            return unsafe d2i_ECDSA_SIG(nil, &start, der.count)
        }
        let parsed = try unsafe check(signature, "read an ECDSA signature")
        defer { unsafe ECDSA_SIG_free(parsed) }
        let size = curve.coordinateSize
        var raw = [UInt8](repeating: 0, count: 2 * size)
        let written = unsafe raw.withUnsafeMutableBufferPointer { raw in
            let r = unsafe UnsafeMutableBufferPointer(rebasing: raw[..<size])
            let s = unsafe UnsafeMutableBufferPointer(rebasing: raw[size...])
            return unsafe BN_bn2binpad(ECDSA_SIG_get0_r(parsed), r.baseAddress, Int32(size))
                + BN_bn2binpad(ECDSA_SIG_get0_s(parsed), s.baseAddress, Int32(size))
        }
        guard written == Int32(2 * size) else { throw LibcryptoError(drainingQueueFor: "write an ECDSA signature") }
        return raw
    }

    /// - Returns: `nil` if `raw` does not have the length of two coordinates.
    static func der(fromRaw raw: Span<UInt8>, curve: EllipticCurve) throws(LibcryptoError) -> [UInt8]? {
        let size = curve.coordinateSize
        guard raw.count == 2 * size else { return nil }
        let signature = try unsafe check(ECDSA_SIG_new(), "read an ECDSA signature")
        defer { unsafe ECDSA_SIG_free(signature) }
        let r = try unsafe number(raw.extracting(..<size))
        let s: OpaquePointer
        do throws(LibcryptoError) { unsafe s = try number(raw.extracting(size...)) } catch {
            unsafe BN_free(r)
            throw error
        }
        // Takes ownership of both numbers. It fails only for null pointers.
        unsafe ECDSA_SIG_set0(signature, r, s)
        var start: UnsafeMutablePointer<UInt8>?
        let count = unsafe i2d_ECDSA_SIG(signature, &start)
        guard count > 0, let start = unsafe start else {
            throw LibcryptoError(drainingQueueFor: "write an ECDSA signature")
        }
        defer { unsafe CLibcrypto_clearAndFree(start, Int(count)) }
        return unsafe Array(UnsafeBufferPointer(start: start, count: Int(count)))
    }

    private static func number(_ bigEndian: Span<UInt8>) throws(LibcryptoError) -> OpaquePointer {
        let number = unsafe bigEndian.withUnsafeBufferPointer {
            unsafe BN_bin2bn($0.baseAddress, Int32(clamping: $0.count), nil)
        }
        return try unsafe check(number, "read an ECDSA signature")
    }
}
