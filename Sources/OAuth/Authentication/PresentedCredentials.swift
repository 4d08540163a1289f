package import AccessToken
import JOSE
import WireText

/// The credentials in a request, RFC 6749 section 2.3. They are not verified yet.
public struct PresentedCredentials: Sendable {
    enum Kind {
        /// RFC 6749 section 2.3.1
        case secret(SecretCredentials)
        /// RFC 7523 section 2.2
        case assertion(ClientAssertion)
        /// RFC 7523 sections 2.1 and 2.2: the token of a platform.
        case identity(PresentedIdentity)
        /// RFC 8705 section 2: `client_id` alone.
        case certificate(CertificateCredentials)
    }

    let kind: Kind
    /// Whether they are the grant itself, RFC 7523 section 2.1. What is wrong with them is wrong with the grant then.
    private let areGrant: Bool

    /// - Throws: ``TokenRefusal/Code/invalidClient`` if there are no credentials, or if they cannot be parsed.
    init(_ request: EndpointRequest, _ parameters: FormParameters) throws(TokenRefusal) {
        let authorization = try Self.clientAuthentication(in: request.fields.authorization)
        let hasAssertion = parameters["client_assertion"] != nil || parameters["client_assertion_type"] != nil
        let secret = parameters["client_secret"]
        // RFC 6749 section 2.3: not more than one method in a request.
        guard (authorization == nil ? 0 : 1) + (secret == nil ? 0 : 1) + (hasAssertion ? 1 : 0) <= 1 else {
            throw TokenRefusal(.twoAuthenticationMethods)
        }
        if let authorization {
            kind = .secret(try SecretCredentials(basic: authorization, parameters: parameters))
        } else if let secret {
            kind = .secret(try SecretCredentials(posted: secret, parameters: parameters))
        } else if hasAssertion {
            kind = try Kind(clientAssertionIn: parameters)
        } else if let clientID = parameters["client_id"].flatMap({ try? ClientID($0) }) {
            // RFC 8705 section 2: the request has `client_id`, and the certificate is the credential.
            kind = .certificate(CertificateCredentials(clientID: clientID, certificate: request.certificate))
        } else {
            throw TokenRefusal(.invalidClient, cause: .noCredentials)
        }
        areGrant = false
    }

    /// The assertion of the grant `urn:ietf:params:oauth:grant-type:jwt-bearer`, RFC 7523 section 2.1, which alone says which
    /// client it is.
    ///
    /// - Throws: ``TokenRefusal/Code/invalidAssertionGrant`` if it cannot be parsed,
    ///   ``TokenRefusal/Code/twoAuthenticationMethods`` if there are other credentials.
    init(
        grant assertion: String, _ request: EndpointRequest, _ parameters: FormParameters
    ) throws(TokenRefusal) {
        let others = ["client_secret", "client_assertion", "client_assertion_type"].contains { parameters[$0] != nil }
        guard try Self.clientAuthentication(in: request.fields.authorization) == nil, !others else {
            throw TokenRefusal(.twoAuthenticationMethods)
        }
        areGrant = true
        do throws(TokenRefusal) { kind = try Kind(assertion, as: .grant, parameters) } catch {
            throw Self.refusalOfGrant(error)
        }
    }

    /// A token outside of a request, for a trial of it.
    ///
    /// - Parameters:
    ///   - way: how a request would have it.
    ///   - client: `client_id`; `nil` for none.
    package init(trying text: String, as way: IdentityWay, client: ClientID?) throws(TokenRefusal) {
        areGrant = way == .grant
        kind = try Kind(text, as: way, FormParameters(client: client))
    }

    /// The refusal of credentials with these ones' place in the request: RFC 7521 section 4.1.1 for a grant, section 4.2.1 for
    /// the authentication of a client.
    package func refusal(_ refusal: TokenRefusal) -> TokenRefusal {
        areGrant ? Self.refusalOfGrant(refusal) : refusal
    }

    private static func refusalOfGrant(_ refusal: TokenRefusal) -> TokenRefusal {
        guard refusal.code == .invalidClient else { return refusal }
        let grant = TokenRefusal(.invalidAssertionGrant, cause: refusal.cause)
        return refusal.identity.map(grant.about) ?? grant
    }

    /// Whether they are the token of a platform. Its refusals are no guesses, and count against no client.
    package var isIdentity: Bool { if case .identity = kind { true } else { false } }

    /// The clients that a request claims to come from whose credentials cannot be parsed, for the log.
    static func claimedClients(_ request: EndpointRequest, _ parameters: FormParameters) -> [ClientID] {
        let basic = request.fields.authorization.flatMap { (try? SecretCredentials.basicReadings(of: $0)) ?? [] }
        let assertion = (parameters["client_assertion"] ?? parameters["assertion"]).flatMap(
            ClientAssertion.claimedClient)
        let named = parameters["client_id"].flatMap { try? ClientID($0) }
        return [assertion].compactMap { $0 } + basic.map(\.clientID) + [named].compactMap { $0 }
    }

    /// The `Authorization` field that authenticates the client; `nil` if none does. A field with another scheme, such as
    /// Bearer, or without one is meant for another party or comes from a library's settings: it is ignored.
    ///
    /// - Throws: ``TokenRefusal/Code/twoAuthenticationMethods`` if there is another field beside Basic credentials. RFC
    ///   9110 section 11.6.2: a request has one such field.
    private static func clientAuthentication(in fields: [String]) throws(TokenRefusal) -> String? {
        guard let basic = fields.first(where: isBasic) else { return nil }
        guard fields.count == 1 else { throw TokenRefusal(.twoAuthenticationMethods) }
        return basic
    }

    /// RFC 9110 section 11.1: the scheme is a token, and case-insensitive.
    private static func isBasic(_ field: String) -> Bool {
        Octets(field).trimmed.prefix(while: ASCII.isTokenOctet).isSameIgnoringCase(as: "basic")
    }

    /// The clients that the credentials may belong to, one for each reading, most likely first. Each counts as an
    /// attempt of its own.
    package var clientIDs: [ClientID] {
        switch kind {
        case .secret(let credentials): credentials.readings.map(\.clientID)
        case .assertion(let assertion): [assertion.clientID]
        case .identity(let identity): [identity.clientID].compactMap { $0 }
        case .certificate(let credentials): [credentials.clientID]
        }
    }
}

extension PresentedCredentials.Kind {
    fileprivate init(clientAssertionIn parameters: FormParameters) throws(TokenRefusal) {
        let (type, text) = (parameters["client_assertion_type"], parameters["client_assertion"] ?? "")
        if type?.isSameText(as: ClientAssertion.spiffeType) == true {
            self = try .init(text, as: .svid, parameters)
        } else {
            guard type?.isSameText(as: ClientAssertion.type) == true else {
                throw TokenRefusal(.invalidClient, cause: .assertionType)
            }
            self = try .init(text, as: .assertion, parameters)
        }
    }

    /// A JWT that the client made is its own assertion, any other the token of a platform.
    fileprivate init(
        _ text: String, as way: IdentityWay, _ parameters: FormParameters
    ) throws(TokenRefusal) {
        let jwt: UnverifiedJWT
        do throws(RefusalCause) { jwt = try UnverifiedJWT(parsing: text) } catch {
            throw TokenRefusal(.invalidClient, cause: error)
        }
        if way != .svid, jwt.isOwn {
            self = .assertion(try ClientAssertion(jwt, parameters))
        } else {
            self = .identity(try PresentedIdentity(jwt, way, parameters))
        }
    }
}

/// A client identifier and a secret, RFC 6749 section 2.3.1. They are not verified yet.
struct SecretCredentials: Sendable {
    /// One reading of the credentials.
    struct Reading: Sendable, Equatable {
        let clientID: ClientID
        let secret: String

        static func == (first: Reading, second: Reading) -> Bool {
            first.clientID == second.clientID && first.secret.isSameText(as: second.secret)
        }
    }

    /// The method by which the client sent them.
    let method: TokenEndpointAuthenticationMethod
    /// The readings of the credentials, most likely first, never empty. Clients that follow the RFC form-encode Basic
    /// credentials; others send them unchanged. Usually both readings are equal, and there is one.
    let readings: [Reading]

    /// `client_id` and `client_secret` in the body.
    ///
    /// - Throws: ``TokenRefusal/Code/invalidClient`` if the identifier is missing or malformed.
    init(posted secret: String, parameters: FormParameters) throws(TokenRefusal) {
        guard let clientID = parameters["client_id"].flatMap({ try? ClientID($0) }) else {
            throw TokenRefusal(.invalidClient)
        }
        method = .clientSecretPost
        readings = [Reading(clientID: clientID, secret: secret)]
    }

    /// Basic credentials, RFC 7617 section 2, with the form encoding inside that RFC 6749 section 2.3.1 requires, or
    /// without.
    ///
    /// - Throws: ``TokenRefusal/Code/invalidClient`` if they cannot be parsed,
    ///   ``TokenRefusal/Code/conflictingClientID`` if the body names another client.
    init(basic header: String, parameters: FormParameters) throws(TokenRefusal) {
        method = .clientSecretBasic
        let all = try Self.basicReadings(of: header)
        let bodyID = parameters["client_id"]
        readings = all.filter { bodyID?.isSameText(as: $0.clientID.description) ?? true }
        guard !readings.isEmpty else { throw TokenRefusal(.conflictingClientID) }
    }

    fileprivate static func basicReadings(of header: String) throws(TokenRefusal) -> [Reading] {
        // RFC 9110 section 11.4: one space or more.
        let (scheme, credentials) = Octets(header).trimmed.split(at: " ")
        guard scheme.isSameIgnoringCase(as: "basic"),
            let userPass = credentials.flatMap({ BasicCredentials.decode($0.trimmed) }),
            let colon = userPass.firstIndex(of: UInt8(ascii: ":"))
        else { throw TokenRefusal(.invalidClient) }
        let id = Array(userPass[..<colon])
        let secret = Array(userPass[(colon + 1)...])
        var readings: [Reading] = []
        if let decodedID = FormDecoding.decode(id.span), let decodedSecret = FormDecoding.decode(secret.span),
            let clientID = try? ClientID(decodedID)
        {
            readings.append(Reading(clientID: clientID, secret: decodedSecret))
        }
        if let clientID = try? ClientID(plainText(id)) {
            let reading = Reading(clientID: clientID, secret: plainText(secret))
            if readings.first != reading { readings.append(reading) }
        }
        guard !readings.isEmpty else { throw TokenRefusal(.invalidClient) }
        return readings
    }

    /// Decodes UTF-8, or ISO 8859-1 if it is not UTF-8: libraries that do not form-encode use either.
    private static func plainText(_ octets: [UInt8]) -> String {
        if let text = String(validating: octets, as: UTF8.self) { return text }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: octets.map { Unicode.Scalar($0) })
        return String(text)
    }
}

/// The token68 of Basic credentials, RFC 7617 section 2: base64 with its own alphabet and padding.
enum BasicCredentials {
    /// The octets of user-id, colon and password; `nil` for text that is not base64. Padding may be missing.
    static func decode(_ text: Octets) -> [UInt8]? {
        var characters = text.array
        for _ in 0..<2 where characters.last == UInt8(ascii: "=") { characters.removeLast() }
        return Base64Alphabet.standard.decode(characters.span)
    }
}
