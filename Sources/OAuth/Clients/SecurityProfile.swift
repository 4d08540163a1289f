package import JOSE

/// A set of rules for clients and their requests: `profile` of the configuration.
package enum SecurityProfile: String, Sendable {
    /// The rules of the RFCs: a service without `profile`.
    case standard = "off"
    /// The FAPI 2.0 Security Profile (final, February 2025), as far as it concerns clients that act for themselves.
    case fapi2

    /// The algorithms of access tokens, assertions and DPoP proofs, in the order in which metadata lists them.
    ///
    /// FAPI 2.0 section 5.4.1: PS256, ES256 or EdDSA with Ed25519, which has two names.
    package var algorithms: [SignatureAlgorithm] {
        switch self {
        case .standard: SignatureAlgorithm.offered
        case .fapi2: [.ps256, .es256, .edDSA, .ed25519]
        }
    }

    /// The methods of client authentication.
    ///
    /// FAPI 2.0 section 5.3.2.1: certificates, and assertions that the client itself has signed.
    package var authenticationMethods: [TokenEndpointAuthenticationMethod] {
        switch self {
        case .standard: TokenEndpointAuthenticationMethod.allCases
        case .fapi2: [.privateKeyJWT, .tlsClientAuth, .selfSignedTLSClientAuth]
        }
    }

    /// The grant types. A grant that stands for the authentication of its client has no place in FAPI 2.0.
    package var grantTypes: [GrantType] {
        switch self {
        case .standard: GrantType.allCases
        case .fapi2: [.clientCredentials, .refreshToken]
        }
    }

    /// Whether every access token is bound to a key or a certificate: FAPI 2.0 section 5.3.2.1.
    package var bindsAccessTokens: Bool { self == .fapi2 }

    /// Whether `aud` of an assertion must be a JSON string, and not an array with one: FAPI 2.0 section 5.3.2.1.
    var requiresAudienceAsString: Bool { self == .fapi2 }

    /// Whether a refresh is answered with another refresh token. FAPI 2.0 section 5.3.2.1: refresh tokens are not rotated.
    var renewsRefreshTokens: Bool { self == .standard }

    /// The longest lifetime of an access token; `nil` for that of the setting.
    package var longestAccessTokenLifetime: Duration? { self == .fapi2 ? .seconds(3600) : nil }

    /// The lifetime, or the longest one that the profile allows.
    func limiting(_ lifetime: Duration) -> Duration { longestAccessTokenLifetime.map { min($0, lifetime) } ?? lifetime }

    /// The end of a sentence about something that it forbids.
    package var forbids: String { "which profile \(rawValue) forbids" }

    /// Whether plain http is refused on loopback hosts too.
    package var requiresHTTPS: Bool { self == .fapi2 }
}
