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
    }

    let kind: Kind

    /// - Throws: ``TokenRefusal/Code/invalidClient`` if there are no credentials, or if they cannot be parsed.
    init(_ request: EndpointRequest, _ parameters: FormParameters) throws(TokenRefusal) {
        let authorization = request.fields.authorization
        let hasAssertion = parameters["client_assertion"] != nil || parameters["client_assertion_type"] != nil
        let secret = parameters["client_secret"]
        // RFC 6749 section 2.3: not more than one method in a request.
        guard authorization.count + (secret == nil ? 0 : 1) + (hasAssertion ? 1 : 0) <= 1 else {
            throw TokenRefusal(.twoAuthenticationMethods)
        }
        if let header = authorization.first {
            kind = .secret(try SecretCredentials(basic: header, parameters: parameters))
        } else if let secret {
            kind = .secret(try SecretCredentials(posted: secret, parameters: parameters))
        } else if hasAssertion {
            kind = .assertion(try ClientAssertion(parameters))
        } else {
            throw TokenRefusal(.invalidClient)
        }
    }

    /// The clients that the credentials may belong to, one for each reading, most likely first. Each counts as an
    /// attempt of its own.
    package var clientIDs: [ClientID] {
        switch kind {
        case .secret(let credentials): credentials.readings.map(\.clientID)
        case .assertion(let assertion): [assertion.clientID]
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

    private static func basicReadings(of header: String) throws(TokenRefusal) -> [Reading] {
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
