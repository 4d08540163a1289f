package import AccessToken
import WireText

/// The place of a private key that never is in a file: what a `.key-uri` file holds.
package enum KeyURI: Sendable, Hashable, CustomStringConvertible {
    /// `pkcs11:`, RFC 7512: an object of a PKCS#11 token.
    case pkcs11(PKCS11URI)
    /// `vault+https:` or `vault+http:`: a key of the Transit engine of HashiCorp Vault or OpenBao.
    case vault(TransitKeyURI)

    /// The kinds of places that a key can be in.
    package enum Place: String, Sendable, CaseIterable {
        /// A PKCS#11 token.
        case pkcs11
        /// The Transit engine of Vault or OpenBao.
        case vault
    }

    /// - Throws: for a scheme that is neither, and for what is wrong with the URI.
    package init(_ text: String) throws(InvalidValue) {
        let text = Octets(text)
        // RFC 3986 section 3.1: a scheme is compared without regard to case.
        let scheme = text.split(at: ":").head
        if scheme.isSameIgnoringCase(as: "pkcs11") {
            self = .pkcs11(try PKCS11URI(text))
        } else if scheme.isSameIgnoringCase(as: "vault+https") || scheme.isSameIgnoringCase(as: "vault+http") {
            self = .vault(try TransitKeyURI(text))
        } else {
            throw InvalidValue("is no pkcs11: URI of RFC 7512, and none that begins with vault+https:")
        }
    }

    /// The place of the next key after this one: the same token, or the same name.
    package var placeOfNextKey: KeyURI {
        switch self {
        case .pkcs11(let uri): .pkcs11(uri.token)
        case .vault: self
        }
    }

    /// The kind of place.
    package var place: Place {
        switch self {
        case .pkcs11: .pkcs11
        case .vault: .vault
        }
    }

    /// The URI in its normal form. It holds no secret.
    package var description: String {
        switch self {
        case .pkcs11(let uri): uri.description
        case .vault(let uri): uri.description
        }
    }
}
