import CPKCS11
import JOSE
import Libcrypto

/// Finds the public half of a private key. The standard asks a token to keep it with the private key for RSA alone.
extension Cryptoki {
    /// - Returns: `nil` if the token does not have it, has different ones, or has one of a kind that Writ does not use.
    func publicHalf(of key: UInt, in session: UInt) throws(TokenFailure) -> PublicKey? {
        if let own = try publicKey(in: key, session) { return own }
        guard let kind = try number(CKA_KEY_TYPE, of: key, in: session) else { return nil }
        // The identifier is what joins the two halves; the label does, for tokens that have no identifiers.
        for attribute in [CKA_ID, CKA_LABEL] {
            guard let value = try self.attribute(attribute, of: key, in: session), !value.isEmpty else { continue }
            var template = AttributeTemplate()
            template.add(CKA_CLASS, CKO_PUBLIC_KEY)
            template.add(CKA_KEY_TYPE, kind)
            template.add(attribute, value)
            var halves: [PublicKey] = []
            for object in try objects(template, in: session) {
                if let half = try publicKey(in: object, session) { halves.append(half) }
            }
            guard let first = halves.first else { continue }
            return halves.allSatisfy { $0.components == first.components } ? first : nil
        }
        return nil
    }

    /// The public key that an object has in its attributes.
    func publicKey(in object: UInt, _ session: UInt) throws(TokenFailure) -> PublicKey? {
        if try number(CKA_KEY_TYPE, of: object, in: session) == CKK_RSA {
            guard let modulus = try attribute(CKA_MODULUS, of: object, in: session),
                let exponent = try attribute(CKA_PUBLIC_EXPONENT, of: object, in: session), !modulus.isEmpty,
                !exponent.isEmpty
            else { return nil }
            return try? PublicKey(.rsa(modulus: modulus, exponent: exponent))
        }
        if let point = try attribute(CKA_EC_POINT, of: object, in: session), !point.isEmpty,
            let parameters = try attribute(CKA_EC_PARAMS, of: object, in: session),
            let components = CurveParameters(parameters)?.components(of: point)
        {
            return try? PublicKey(components)
        }
        // SubjectPublicKeyInfo, since PKCS#11 2.40.
        guard let info = try attribute(CKA_PUBLIC_KEY_INFO, of: object, in: session), !info.isEmpty else { return nil }
        let pem = "-----BEGIN PUBLIC KEY-----\n\(Base64.encode(info))\n-----END PUBLIC KEY-----\n"
        return try? PublicKey(pem: pem.utf8.span)
    }
}
