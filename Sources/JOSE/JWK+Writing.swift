public import Libcrypto

extension JWK {
    /// Writes the key as a JSON object.
    public func write(to writer: inout JSONWriter) {
        writer.object { object in
            writeRequiredMembers(to: &object)
            object.member("use", "sig")
            if let algorithm { object.member("alg", algorithm.name) }
            if let keyID { object.member("kid", keyID) }
        }
    }

    /// The SHA-256 thumbprint of RFC 7638 in base64url.
    public func thumbprint() throws(LibcryptoError) -> String {
        var canonical = JSONWriter()
        canonical.object { writeRequiredMembers(to: &$0) }
        return Base64URL.encode(try HashFunction.sha256.digest(of: canonical.bytes.span))
    }

    /// The members that make the public key, and no others: RFC 7638 section 3.2 hashes them in this order.
    package func writeRequiredMembers(to object: inout JSONWriter) {
        switch publicKey.components {
        case .rsa(let modulus, let exponent):
            object.member("e", Base64URL.encode(exponent))
            object.member("kty", "RSA")
            object.member("n", Base64URL.encode(modulus))
        case .ellipticCurve(let curve, let x, let y):
            object.member("crv", curve.joseName)
            object.member("kty", "EC")
            object.member("x", Base64URL.encode(x))
            object.member("y", Base64URL.encode(y))
        case .ed25519(let octets):
            object.member("crv", "Ed25519")
            object.member("kty", "OKP")
            object.member("x", Base64URL.encode(octets))
        }
    }
}

extension EllipticCurve {
    /// The value of `crv`, RFC 7518 section 6.2.1.1.
    var joseName: String {
        switch self {
        case .p256: "P-256"
        case .p384: "P-384"
        case .p521: "P-521"
        }
    }
}
