import AccessToken
import JOSE
import Libcrypto

/// `client_secret_basic`, RFC 6749 section 2.3.1.
enum BasicAuthorization {
    /// The field `Authorization`. Identifier and secret are form-encoded first.
    static func field(_ id: ClientID, _ secret: SecretBytes) -> String {
        var pair: [UInt8] = []
        let octets = id.description.utf8
        FormEncoding.append(octets.span, to: &pair)
        pair.append(UInt8(ascii: ":"))
        secret.withBytes { FormEncoding.append($0, to: &pair) }
        return "Basic \(base64(pair))"
    }

    /// RFC 4648 section 4
    static func base64(_ octets: [UInt8]) -> String {
        var characters: [UInt8] = []
        Base64Alphabet.standard.append(octets.span, to: &characters)
        while characters.count % 4 != 0 { characters.append(UInt8(ascii: "=")) }
        return String(decoding: characters, as: UTF8.self)
    }
}
