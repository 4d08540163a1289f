import Libcrypto
import Synchronization

@testable import AccessToken
@testable import JOSE
@testable import OAuth

/// A compact JWS, with what is made of one: an access token, a client's assertion.
///
/// An input is a JWS; and where there is a line feed in it, a header and a payload to be signed.
final class CompactJWSTarget: FuzzTarget {
    private let issuer: Issuer
    private let audience: Audience
    private let edwards = try? PrivateKey.generateEd25519()
    private let elliptic = try? PrivateKey.generate(on: .p256)
    private let keys: JWKSet
    private static let now = NumericDate(1_795_000_000)

    init() throws {
        issuer = try Issuer("https://tokens.example.com")
        audience = try Audience("https://api.example.com")
        var keys: [JWK] = []
        for (name, key) in [("ed", edwards), ("p256", elliptic)] {
            if let key { keys.append(JWK(try key.publicKey, keyID: name, algorithm: nil)) }
        }
        require(keys.count == 2, "keys can be made")
        self.keys = JWKSet(keys)
    }

    func parse(_ octets: [UInt8]) {
        _ = try? CompactJWS(
            parsing: String(decoding: octets, as: UTF8.self), maximumLength: octets.count * 3, knownHeader: nil)
    }

    func run(_ input: Input) throws {
        let text = String(decoding: input.octets, as: UTF8.self)
        if let jws = try? CompactJWS(parsing: text) {
            require((try? jws.verified(by: keys)) == nil, "nobody can sign without a key")
            checkParts(of: jws, text)
        }
        readAssertion(text)
        if let (header, payload) = input.halves { try checkSigned(header, payload, input) }
    }

    /// Each text has one meaning: the parts make the text again.
    private func checkParts(of jws: CompactJWS, _ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        require(parts.count == 3, "there are three parts")
        require(Base64URL.encode(jws.unverifiedPayload) == parts[1], "the payload is what the second encodes")
        require(Base64URL.encode(jws.signature) == parts[2], "the signature is what the third encodes")
        require(jws.encodedHeader.count == parts[0].utf8.count, "the header ends at the first dot")
        require(jws.encodedHeader.begins(Array(text.utf8).span), "the header is what the first encodes")
        require(jws.header.members["crit"] == nil, "no extension is understood")
        let again = try? CompactJWS(parsing: text, maximumLength: text.utf8.count, knownHeader: jws.encodedHeader)
        require(again?.header == jws.header, "a header that is known is read as the same")
    }

    private func checkSigned(_ header: [UInt8], _ payload: [UInt8], _ input: Input) throws {
        let encodedHeader = Array(Base64URL.encode(header).utf8)
        guard let known = try? EncodedHeader(reading: encodedHeader.span) else { return }
        let signingInput = JWSSigningInput(encodedHeader: encodedHeader, payload: payload)
        guard let signature = try signature(over: signingInput, known.header.algorithm) else { return }
        let text = String(decoding: signingInput.compact(with: signature), as: UTF8.self)
        let jws = try CompactJWS(parsing: text)
        checkParts(of: jws, text)
        readAssertion(text)
        guard let verified = try? jws.verified(by: keys) else {
            let algorithm = known.header.algorithm
            require(keys.onlyKey(withID: known.header.keyID, for: algorithm) == nil, "what was signed verifies")
            return
        }
        require(verified.payload == payload && verified.header == known.header, "what was signed is what was read")
        checkChanged(text, input)
        try checkAccessToken(text)
    }

    private func signature(over input: JWSSigningInput, _ algorithm: SignatureAlgorithm) throws -> [UInt8]? {
        let key = [edwards, elliptic].compactMap { $0 }.first { algorithm.accepts($0.type) }
        guard let key else { return nil }
        return try SigningContext(key: key, scheme: algorithm.scheme).sign(input.octets.span)
    }

    /// One other character anywhere, and it proves nothing.
    private func checkChanged(_ text: String, _ input: Input) {
        var characters = Array(text.utf8)
        let place = input.choice(3, below: characters.count)
        let others = Array("AQgw_-9.".utf8).filter { $0 != characters[place] }
        characters[place] = others[input.choice(4, below: others.count)]
        let changed = try? CompactJWS(parsing: String(decoding: characters, as: UTF8.self)).verified(by: keys)
        require(changed == nil, "a changed token does not verify")
    }

    private func checkAccessToken(_ text: String) throws {
        guard
            let token = try? VerifiedAccessToken(
                verifying: text, keys: keys, issuer: issuer, audience: audience, now: Self.now, leeway: .seconds(30))
        else { return }
        let claims = token.claims
        require(claims.issuer == issuer, "a token is the issuer's")
        require(claims.audience.contains(audience), "it is meant for the audience")
        require(claims.expiresAt + .seconds(30) > Self.now, "it has not expired")
        require(
            token.text == text && token.payload["iss"]?.string == issuer.description, "it is the token that was read")
    }

    private func readAssertion(_ text: String) {
        let pairs = [
            (name: "grant_type", value: "client_credentials"), (name: "client_assertion", value: text),
            (name: "client_assertion_type", value: ClientAssertion.type),
        ]
        let request = EndpointRequest(
            url: "https://tokens.example.com/oauth2/token",
            fields: .init(contentType: "application/x-www-form-urlencoded"), body: FormModel.encode(pairs))
        let kind = (try? TokenRequest(parsing: request))?.credentials.kind
        if case .identity(let identity)? = kind {
            require(!identity.token.subject.isEmpty, "a platform's token is about somebody")
            require(identity.clientID == nil, "the request names no client")
        }
        guard case .assertion(let assertion)? = kind else { return }
        require(assertion.jws.header.algorithm.isOffered, "an assertion is signed with an algorithm of metadata")
        let size = assertion.tokenID?.utf8.count
        require(size.map { (1...256).contains($0) } ?? true, "an assertion can be told from others if it says so")
    }
}
