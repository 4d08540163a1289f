import AccessToken

/// An identifier with a secret, RFC 6749 section 2.3.1. Whether they belong together is not yet known.
struct SecretCredentials: Sendable {
    /// What was sent, read in one way.
    struct Reading: Sendable, Equatable {
        let clientID: ClientID
        let secret: String
    }

    /// How they came.
    let method: TokenEndpointAuthenticationMethod
    /// The readings of what was sent, most likely first, never empty: Basic credentials come form-encoded from clients
    /// that follow the RFC and as they are from others. Usually both are the same, and there is one reading.
    let readings: [Reading]

    /// `client_id` and `client_secret` in the body.
    ///
    /// - Throws: ``TokenError/invalidClient`` for an identifier that is missing or that no client can have.
    init(posted secret: String, parameters: FormParameters) throws(TokenError) {
        guard let clientID = parameters["client_id"].flatMap({ try? ClientID($0) }) else { throw .invalidClient }
        method = .clientSecretPost
        readings = [Reading(clientID: clientID, secret: secret)]
    }

    /// RFC 7617 section 2, with the encoding that RFC 6749 section 2.3.1 puts inside.
    ///
    /// - Throws: ``TokenError/invalidClient`` for what cannot be read, ``TokenError/conflictingClientID`` where the body
    ///   names another client.
    init(basic header: String, parameters: FormParameters) throws(TokenError) {
        method = .clientSecretBasic
        let all = try Self.basicReadings(of: header)
        let bodyID = parameters["client_id"]
        readings = all.filter { bodyID == nil || $0.clientID.description == bodyID }
        guard !readings.isEmpty else { throw .conflictingClientID }
    }

    private static func basicReadings(of header: String) throws(TokenError) -> [Reading] {
        // RFC 9110 section 11.4: one space or more.
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "basic",
            let userPass = BasicCredentials.decode(parts[1].drop { $0 == " " }),
            let colon = userPass.firstIndex(of: UInt8(ascii: ":"))
        else { throw .invalidClient }
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
        guard !readings.isEmpty else { throw .invalidClient }
        return readings
    }

    /// UTF-8, or ISO 8859-1 where it is not that: the libraries that do not form-encode differ in this too.
    private static func plainText(_ octets: [UInt8]) -> String {
        if let text = String(validating: octets, as: UTF8.self) { return text }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: octets.map { Unicode.Scalar($0) })
        return String(text)
    }
}
