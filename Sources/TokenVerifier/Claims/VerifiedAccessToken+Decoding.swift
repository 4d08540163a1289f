public import AccessToken
import JOSE

extension VerifiedAccessToken {
    /// Decodes the payload into a type of the program's own, such as a structure whose properties are named like the claims.
    ///
    /// A `Date` is read from a NumericDate (RFC 7519 section 2), a `URL` from a string and `Data` from a string in base64url. A
    /// number that does not fit into an integer type, or into a `Decimal`, is an error. A ``JSONValue`` takes every value.
    ///
    /// - Throws: `DecodingError`, which contains no value of the payload, and the errors of initialisers of your own.
    public func claims<Claims: Decodable>(as type: Claims.Type) throws -> Claims {
        try JSONValueDecoder(.object(payload), at: []).decode(type)
    }
}
