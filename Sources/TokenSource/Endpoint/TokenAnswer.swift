import AccessToken
package import JOSE
import WireText

/// A successful answer of a token endpoint, RFC 6749 section 5.1.
package struct TokenAnswer: Sendable {
    /// The longest lifetime that counts. Changed rights of the client are in the next token.
    static let longestLifetime: Duration = .seconds(86400)

    /// `access_token`: visible ASCII characters, at least one.
    package let accessToken: String
    /// `token_type`, as it is written in an `Authorization` field.
    let type: String
    /// `scope`; `nil` if the answer has none, which says that it is the requested one.
    let scope: Scope?
    /// `expires_in`, at least a second and at most ``longestLifetime``; `nil` if the answer has none.
    let lifetime: Duration?

    /// - Parameter isBound: whether the token was requested with a DPoP proof. Then its type must be `DPoP`, and otherwise
    ///   `Bearer`.
    /// - Throws: ``TokenSourceError`` unless the answer is that of RFC 6749 section 5.1 with such a token.
    package init(_ members: JSONObject, isBound: Bool = false) throws(TokenSourceError) {
        // Some servers send an error with status 200.
        if members["access_token"] == nil, let refusal = OAuthRefusal(status: 200, members) {
            throw TokenSourceError(.refused, refusal: refusal)
        }
        // RFC 6749 appendix A.12, without the space, which ends the token in an Authorization field (RFC 6750 section 2.1).
        guard let token = members["access_token"]?.string, !token.isEmpty, Octets(token).isVisibleASCII else {
            throw Self.malformed("it holds no access_token as RFC 6749 has it")
        }
        // RFC 6749 section 7.1: a token of an unknown type must not be used. RFC 9449 section 5: an issuer that knows nothing of
        // DPoP answers with a bearer token, which is good without the key.
        let expected = isBound ? IssuedAccessToken.dpopType : IssuedAccessToken.bearerType
        guard let type = members["token_type"]?.string, Octets(type).isSameIgnoringCase(as: expected) else {
            throw TokenSourceError(.unusableTokenType)
        }
        accessToken = token
        self.type = expected
        scope = try Self.scope(members["scope"])
        lifetime = try Self.lifetime(members["expires_in"])
    }

    private static func scope(_ value: JSONValue?) throws(TokenSourceError) -> Scope? {
        switch value {
        case nil, .null: return nil
        case .string(let text):
            guard let scope = try? Scope(text) else { throw malformed("its scope is not one as RFC 6749 has it") }
            return scope
        default: throw malformed("its scope is not a string")
        }
    }

    /// Some servers write the number as a string.
    private static func lifetime(_ value: JSONValue?) throws(TokenSourceError) -> Duration? {
        let seconds: Double?
        switch value {
        case nil, .null: return nil
        case .integer(let integer): seconds = Double(integer)
        case .number(let number): seconds = number
        case .string(let text):
            let digits = Octets(text)
            // More digits than an integer holds are a long time too.
            let isNumber = !digits.isEmpty && digits.allSatisfy(ASCII.isDigit)
            seconds = digits.decimal.map { Double($0) } ?? (isNumber ? .greatestFiniteMagnitude : nil)
        default: seconds = nil
        }
        guard let seconds, seconds >= 1 else { throw malformed("its expires_in is not a positive number of seconds") }
        return seconds < 86400 ? .seconds(Int64(seconds)) : longestLifetime
    }

    private static func malformed(_ reason: StaticString) -> TokenSourceError {
        TokenSourceError(.malformedAnswer, cause: AnswerFault(reason))
    }
}
