import Libcrypto

/// Why a JSON object is not a JWK that can check signatures.
public enum JWKError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The key type, curve or algorithm is unknown, or the key is not for signatures. RFC 7517 section 5: such a key in
    /// a set is skipped.
    case notUnderstood(String)
    /// A member is missing or invalid.
    case invalid(String)

    /// A human-readable description. It names members of the key and never contains their values.
    public var description: String {
        switch self {
        case .notUnderstood(let reason), .invalid(let reason): reason
        }
    }
}

extension JWK {
    /// Reads the public members of `object`.
    ///
    /// - Throws: also for a symmetric key, whose holders could sign as the issuer.
    public init(reading object: JSONObject) throws(JWKError) {
        guard let keyType = object["kty"]?.string else { throw .invalid("kty is missing") }
        guard keyType != "oct" else { throw .notUnderstood("it is symmetric") }
        if let use = object["use"] {
            guard use == .string("sig") else { throw .notUnderstood("use is not sig") }
        }
        if let operations = object["key_ops"] {
            guard let operations = operations.array else { throw .invalid("key_ops is not an array") }
            guard operations.contains(.string("verify")) || operations.contains(.string("sign")) else {
                throw .notUnderstood("key_ops holds neither verify nor sign")
            }
        }
        let algorithm = try Self.algorithm(of: object)
        let keyID = try Self.keyID(of: object)
        let publicKey = try Self.publicKey(of: object, keyType: keyType)
        let jwk = JWK(publicKey, keyID: keyID, algorithm: algorithm)
        if let algorithm, !jwk.allows(algorithm) { throw .invalid("alg does not fit the key") }
        self = jwk
    }

    private static func algorithm(of object: JSONObject) throws(JWKError) -> SignatureAlgorithm? {
        guard let value = object["alg"] else { return nil }
        guard let name = value.string else { throw .invalid("alg is not a string") }
        guard let algorithm = SignatureAlgorithm(name: name) else { throw .notUnderstood("alg is not known") }
        return algorithm
    }

    private static func keyID(of object: JSONObject) throws(JWKError) -> String? {
        guard let value = object["kid"] else { return nil }
        guard let keyID = value.string else { throw .invalid("kid is not a string") }
        return keyID
    }

    private static func publicKey(of object: JSONObject, keyType: String) throws(JWKError) -> PublicKey {
        switch keyType {
        case "RSA":
            let modulus = try octets("n", of: object)
            let exponent = try octets("e", of: object)
            guard modulus.first != 0, exponent.first != 0 else { throw .invalid("n or e begins with a zero") }
            guard modulus.count <= 1024, exponent.count <= 8, exponent != [1], exponent.last.map({ $0 & 1 }) == 1
            else { throw .invalid("n or e is out of range") }
            return try publicKey(.rsa(modulus: modulus, exponent: exponent))
        case "EC":
            guard let name = object["crv"]?.string else { throw .invalid("crv is missing") }
            guard let curve = EllipticCurve.allCases.first(where: { $0.joseName == name }) else {
                throw .notUnderstood("crv is not known")
            }
            return try publicKey(.ellipticCurve(curve, x: octets("x", of: object), y: octets("y", of: object)))
        case "OKP":
            guard let name = object["crv"]?.string else { throw .invalid("crv is missing") }
            guard name == "Ed25519" else { throw .notUnderstood("crv is not known") }
            return try publicKey(.ed25519(octets("x", of: object)))
        default:
            throw .notUnderstood("kty is not known")
        }
    }

    private static func publicKey(_ components: PublicKeyComponents) throws(JWKError) -> PublicKey {
        do throws(KeyError) {
            return try PublicKey(components)
        } catch {
            throw .invalid("the numbers do not make a key")
        }
    }

    private static func octets(_ name: String, of object: JSONObject) throws(JWKError) -> [UInt8] {
        guard let text = object[name]?.string, let octets = Base64URL.decode(text), !octets.isEmpty else {
            throw .invalid("\(name) is missing or not base64url")
        }
        return octets
    }
}
