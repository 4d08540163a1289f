public import Libcrypto
import WireText

/// A parsed JWS in compact serialization, RFC 7515 section 7.1. Its signature has not been checked yet.
public struct CompactJWS: Sendable {
    /// The default maximum length of a token, in octets.
    public static let defaultMaximumLength = 16 * 1024

    /// The header, which proves nothing until ``verified(by:)``.
    public var header: JOSEHeader { encodedHeader.header }
    /// The header with the characters that it was read from.
    package let encodedHeader: EncodedHeader
    /// Whether that is the header that the caller knew.
    package let hasKnownHeader: Bool
    /// The payload, which proves nothing until ``verified(by:)``.
    public let unverifiedPayload: [UInt8]
    let signature: [UInt8]
    /// All three parts as the sender wrote them, with the dots between them.
    private let text: String
    /// The number of octets before the second dot, which are what was signed.
    private let signingInputCount: Int

    /// Parses the text and does not check the signature.
    ///
    /// - Parameter maximumLength: in octets. A longer text is rejected before any of it is read.
    public init(parsing text: String, maximumLength: Int = defaultMaximumLength) throws(JWSError) {
        try self.init(parsing: text, maximumLength: maximumLength, knownHeader: nil)
    }

    /// - Parameter knownHeader: a header that is not read again if the text begins with the same characters.
    package init(parsing text: String, maximumLength: Int, knownHeader: EncodedHeader?) throws(JWSError) {
        guard text.utf8.count <= maximumLength else { throw .tooLong }
        let utf8 = text.utf8
        let characters = utf8.span
        let dot = UInt8(ascii: ".")
        let known = knownHeader.flatMap { $0.begins(characters) ? $0 : nil }
        guard let first = known?.count ?? characters.indices.first(where: { characters[$0] == dot }),
            let last = characters.lastIndex(of: dot), first < last,
            let payload = Base64URL.decode(characters.extracting((first + 1)..<last)),
            let signature = Base64URL.decode(characters.extracting((last + 1)...))
        else { throw .malformed }
        if let known {
            encodedHeader = known
        } else {
            encodedHeader = try EncodedHeader(reading: characters.extracting(..<first))
        }
        hasKnownHeader = known != nil
        self.unverifiedPayload = payload
        self.signature = signature
        self.text = text
        signingInputCount = last
    }

    /// Whether the key can have made the signature, judging by its algorithm, length and range.
    public func canBeSigned(by key: PublicKey) -> Bool {
        header.algorithm.accepts(key.type) && key.canHaveMade(signature)
    }

    /// Checks the signature with the one key of `keys` that matches `kid` and `alg` of the header.
    public func verified(by keys: JWKSet) throws(JWSError) -> VerifiedJWS {
        // RFC 8725 section 3.1: the key decides which algorithms it is used with.
        guard let key = keys.onlyKey(withID: header.keyID, for: header.algorithm) else { throw .noSingleKey }
        return try verified(byAllowedKey: key)
    }

    /// The same for the keys of an issuer whose algorithms the caller chooses.
    ///
    /// - Parameter algorithms: the accepted ones. A key without `alg` is used with the first of them that accepts it.
    /// - Throws: ``JWSError/algorithmNotAccepted``, before a key is looked for, and what ``verified(by:)`` throws.
    package func verified(by keys: JWKSet, among algorithms: [SignatureAlgorithm]) throws(JWSError) -> VerifiedJWS {
        // RFC 8725 section 3.1: no other algorithms than those that the caller accepts, and one for each key.
        guard algorithms.contains(where: { $0.scheme == header.algorithm.scheme }) else { throw .algorithmNotAccepted }
        guard let key = keys.onlyKey(withID: header.keyID, for: header.algorithm, among: algorithms) else {
            throw .noSingleKey
        }
        return try verified(byAllowedKey: key)
    }

    /// Checks the signature with a key, whatever `kid` says.
    package func verified(by key: JWK) throws(JWSError) -> VerifiedJWS {
        guard key.allows(header.algorithm) else { throw .noSingleKey }
        return try verified(byAllowedKey: key)
    }

    private func verified(byAllowedKey key: JWK) throws(JWSError) -> VerifiedJWS {
        try Self.check { () throws(LibcryptoError) in try isSigned(by: key.publicKey) }
        return VerifiedJWS(header: header, payload: unverifiedPayload)
    }
}

/// A JWS whose signature was checked. Only ``CompactJWS`` creates one.
public struct VerifiedJWS: Sendable {
    /// The header, which the signature covers.
    public let header: JOSEHeader
    /// The payload, decoded from base64url. It need not be JSON.
    public let payload: [UInt8]

    fileprivate init(header: JOSEHeader, payload: [UInt8]) {
        self.header = header
        self.payload = payload
    }
}

extension CompactJWS {
    /// The claims of a text that need not be a JWT otherwise. They prove nothing: anybody may have written them.
    ///
    /// - Parameter maximumLength: in octets. A longer text is rejected before any of it is read.
    package static func unverifiedClaims(
        of text: String, maximumLength: Int = defaultMaximumLength
    ) throws(JWSError) -> JSONObject {
        guard text.utf8.count <= maximumLength else { throw .tooLong }
        guard let payload = Octets(text).split(at: ".").tail?.split(at: ".").head,
            let octets = Base64URL.decode(payload.text), let claims = (try? JSONReader.read(octets))?.object
        else { throw .malformed }
        return claims
    }
}

extension CompactJWS {
    fileprivate func isSigned(by key: PublicKey) throws(LibcryptoError) -> Bool {
        let utf8 = text.utf8
        return try key.isValid(
            signature.span, for: utf8.span.extracting(..<signingInputCount), scheme: header.algorithm.scheme)
    }

    /// Distinguishes an invalid signature from a check that failed.
    static func check(_ isSigned: () throws(LibcryptoError) -> Bool) throws(JWSError) {
        let isValid: Bool
        do throws(LibcryptoError) { isValid = try isSigned() } catch { throw .cannotVerify(error) }
        guard isValid else { throw .invalidSignature }
    }
}
