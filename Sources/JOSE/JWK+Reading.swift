import Libcrypto
import WireText

/// The reason why a JSON object is not a JWK that can check signatures. Two errors are equal if their codes are.
public enum JWKError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The key type, curve or algorithm is unknown, or the key is not for signatures. RFC 7517 section 5: such a key in
    /// a set is skipped.
    case notUnderstood(Unknown)
    /// A member is missing or invalid.
    case invalid(Defect)

    /// What is not understood. The raw value is a human-readable description.
    public enum Unknown: String, Sendable {
        /// `kty` is `oct`, RFC 7518 section 6.4.
        case symmetric = "it is symmetric"
        /// RFC 7517 section 4.1
        case keyType = "kty is not known"
        /// RFC 7517 section 4.2
        case use = "use is not sig"
        /// RFC 7517 section 4.3
        case operations = "key_ops holds neither verify nor sign"
        /// RFC 7517 section 4.4
        case algorithm = "alg is not known"
        /// RFC 7518 section 6.2.1.1, RFC 8037 section 2
        case curve = "crv is not known"
        /// A key of 1024 bits, or on a curve that is not accepted here.
        case unsupported = "no supported algorithm accepts it"
    }

    /// What is missing or invalid. The raw value is a human-readable description.
    public enum Defect: String, Sendable {
        /// The key is another JSON value.
        case notAnObject = "it is not an object"
        /// RFC 7517 section 4.1
        case missingKeyType = "kty is missing"
        /// RFC 7517 section 4.3
        case operations = "key_ops is not an array"
        /// RFC 7517 section 4.4
        case algorithm = "alg is not a string"
        /// `alg` is one that keys of another type have.
        case otherAlgorithm = "alg does not fit the key"
        /// RFC 7517 section 4.5
        case keyID = "kid is not a string"
        /// RFC 7518 section 6.3.1.1
        case modulus = "n is missing or not base64url"
        /// RFC 7518 section 6.3.1.2
        case exponent = "e is missing or not base64url"
        /// RFC 7518 section 2: a Base64urlUInt has as few octets as possible.
        case leadingZero = "n or e begins with a zero"
        /// `n` has more than 1024 octets, or `e` has more than 8, is 1 or is even.
        case outOfRange = "n or e is out of range"
        /// RFC 7518 section 6.2.1.1, RFC 8037 section 2
        case missingCurve = "crv is missing"
        /// RFC 7518 section 6.2.1.2, RFC 8037 section 2
        case x = "x is missing or not base64url"
        /// RFC 7518 section 6.2.1.3
        case y = "y is missing or not base64url"
        /// libcrypto refuses them, such as a point that is not on its curve.
        case components = "the numbers do not make a key"
        /// RFC 7517 section 9.2: a key in a set for others has its public members only. Its owner is not the only one who
        /// can sign.
        case privateMember = "it contains its private half, which only its owner may have"
        /// `n` is even, or another prime below 100 divides it.
        case smallFactor = "n has a small prime factor"
        /// Anybody can make a signature by it. RFC 8032 section 5.1.
        case smallOrder = "x is a point of small order, with which anybody can sign"
        /// RFC 8032 section 5.1.3: the coordinate is not below the prime of the field.
        case notReduced = "x is not a number below 2^255 - 19"
        /// The point is the generator of its curve.
        case knownPrivateKey = "its private key is 1"
    }

    /// A human-readable description. It names members of the key and never contains their values.
    public var description: String {
        switch self {
        case .notUnderstood(let reason): reason.rawValue
        case .invalid(let reason): reason.rawValue
        }
    }
}

extension JWK {
    /// Reads the public members of `object`.
    ///
    /// - Throws: also for a symmetric key, whose holders could sign as the issuer.
    public init(reading object: JSONObject) throws(JWKError) {
        guard let keyType = object["kty"]?.string else { throw .invalid(.missingKeyType) }
        guard !keyType.isSameText(as: "oct") else { throw .notUnderstood(.symmetric) }
        if let use = object["use"] {
            guard use == .string("sig") else { throw .notUnderstood(.use) }
        }
        if let operations = object["key_ops"] {
            guard let operations = operations.array else { throw .invalid(.operations) }
            guard operations.contains(.string("verify")) || operations.contains(.string("sign")) else {
                throw .notUnderstood(.operations)
            }
        }
        let algorithm = try Self.algorithm(of: object)
        let keyID = try Self.keyID(of: object)
        let publicKey = try Self.publicKey(of: object, keyType: keyType)
        if let weakness = JWKError.Defect(weakness: publicKey.components) { throw .invalid(weakness) }
        let jwk = JWK(publicKey, keyID: keyID, algorithm: algorithm)
        if let algorithm, !jwk.allows(algorithm) { throw .invalid(.otherAlgorithm) }
        self = jwk
    }

    /// Reads a member of `keys` of a JWK Set that its owner shows to others.
    ///
    /// - Throws: also for a key with a private member.
    package init(readingPublic member: JSONValue) throws(JWKError) {
        guard let object = member.object else { throw .invalid(.notAnObject) }
        let isRSA = object["kty"]?.string?.isSameText(as: "RSA") == true
        // `priv` is that of draft-ietf-cose-dilithium.
        let names = ["d", "priv"] + (isRSA ? ["p", "q", "dp", "dq", "qi", "oth"] : [])
        guard names.allSatisfy({ object[$0] == nil }) else { throw .invalid(.privateMember) }
        try self.init(reading: object)
    }

    private static func algorithm(of object: JSONObject) throws(JWKError) -> SignatureAlgorithm? {
        guard let value = object["alg"] else { return nil }
        guard let name = value.string else { throw .invalid(.algorithm) }
        guard let algorithm = SignatureAlgorithm(name: name) else { throw .notUnderstood(.algorithm) }
        return algorithm
    }

    private static func keyID(of object: JSONObject) throws(JWKError) -> String? {
        guard let value = object["kid"] else { return nil }
        guard let keyID = value.string else { throw .invalid(.keyID) }
        return keyID
    }

    private static func publicKey(of object: JSONObject, keyType: String) throws(JWKError) -> PublicKey {
        if keyType.isSameText(as: "RSA") { return try rsaKey(of: object) }
        let isOctetPair = keyType.isSameText(as: "OKP")
        guard isOctetPair || keyType.isSameText(as: "EC") else { throw .notUnderstood(.keyType) }
        guard let name = object["crv"]?.string else { throw .invalid(.missingCurve) }
        if isOctetPair {
            guard name.isSameText(as: "Ed25519") else { throw .notUnderstood(.curve) }
            return try publicKey(.ed25519(octets("x", of: object, else: .x)))
        }
        guard let curve = EllipticCurve.allCases.first(where: { $0.joseName.isSameText(as: name) }) else {
            throw .notUnderstood(.curve)
        }
        return try publicKey(
            .ellipticCurve(curve, x: octets("x", of: object, else: .x), y: octets("y", of: object, else: .y)))
    }

    private static func rsaKey(of object: JSONObject) throws(JWKError) -> PublicKey {
        let modulus = try octets("n", of: object, else: .modulus)
        let exponent = try octets("e", of: object, else: .exponent)
        guard modulus.first != 0, exponent.first != 0 else { throw .invalid(.leadingZero) }
        guard modulus.count <= 1024, exponent.count <= 8, exponent != [1], exponent.last.map({ $0 & 1 }) == 1
        else { throw .invalid(.outOfRange) }
        return try publicKey(.rsa(modulus: modulus, exponent: exponent))
    }

    private static func publicKey(_ components: PublicKeyComponents) throws(JWKError) -> PublicKey {
        do throws(KeyError) {
            return try PublicKey(components)
        } catch {
            throw .invalid(.components)
        }
    }

    private static func octets(
        _ name: String, of object: JSONObject, else defect: JWKError.Defect
    ) throws(JWKError) -> [UInt8] {
        guard let text = object[name]?.string, let octets = Base64URL.decode(text), !octets.isEmpty else {
            throw .invalid(defect)
        }
        return octets
    }
}
