import AccessToken
import JOSE
import OAuth

extension ClientReader {
    var profile: SecurityProfile { settings.context?.profile ?? .standard }

    static var credentialsOfProfile: String {
        "jwks with an ES256 or PS256 key, or token_endpoint_auth_method: tls_client_auth"
    }

    /// Reports what the profile forbids in the registration.
    mutating func check(
        _ method: TokenEndpointAuthenticationMethod?, _ keys: ClientKeys?, _ certificates: ClientCertificateRules,
        _ grantTypes: Set<GrantType>, requiresProof: Bool, lifetime: Duration?
    ) {
        guard profile != .standard else { return }
        let hint = Self.credentialsOfProfile
        for name in ["client_secrets", "identities"] where member(name) != nil { forbid(name, hint: hint) }
        if let method, !profile.authenticationMethods.contains(method) {
            forbid("token_endpoint_auth_method", method.rawValue, hint: hint)
        }
        for grantType in grantTypes.subtracting(profile.grantTypes) {
            forbid("grant_types", grantType.rawValue, hint: "its clients do not authenticate")
        }
        check(keys)
        if let longest = profile.longestAccessTokenLifetime, let lifetime, lifetime > longest {
            forbid("access_token_lifetime", "over an hour", hint: "access_token_lifetime: 15m")
        }
        let binds =
            requiresProof || certificates.bindsAccessTokens || settings.context?.bindsTokensToCertificates == true
        if profile.bindsAccessTokens, !grantTypes.isEmpty, !binds {
            note(
                "dpop_bound_access_tokens", "is not set: the client would have bearer tokens, \(profile.forbids)",
                hint: "dpop_bound_access_tokens: true, or tls_client_certificate_bound_access_tokens: true")
        }
    }

    private mutating func check(_ keys: ClientKeys?) {
        switch keys {
        case .remote(let place) where profile.requiresHTTPS && !TransportSecurity.isSecure(place.url):
            note("jwks_uri", "is http, \(profile.forbids), also on a loopback host", hint: "jwks_uri: https://...")
        case .fixed(let set):
            for (index, key) in set.keys.enumerated() where !profile.algorithms.contains(where: key.allows) {
                note(
                    "jwks",
                    "has a key for an algorithm, \(profile.forbids): key \(index + 1)",
                    hint: "a key for ES256, PS256 or Ed25519")
            }
        default: break
        }
    }

    private mutating func forbid(_ name: String, _ value: String? = nil, hint: String) {
        note(name, "is \(value ?? "set"), \(profile.forbids)", hint: hint)
    }
}
