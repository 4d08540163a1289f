import AccessToken
import OAuth
import WireText

extension ClientReader {
    /// `client_secrets`
    mutating func secrets() -> [ClientSecret] {
        guard let node = member("client_secrets") else { return [] }
        guard let entries = node.elements, !entries.isEmpty else {
            note("client_secrets", "is not a list of at least one secret")
            return []
        }
        let secrets = entries.compactMap { secret($0) }
        for secret in secrets {
            guard let weakness = secret.hash.password?.weakness else { continue }
            warn(
                "client_secrets", weakness.description, hint: "give the client a secret of `writ clients rotate-secret`"
            )
        }
        return secrets
    }

    private mutating func secret(_ node: Node) -> ClientSecret? {
        guard let members = node.members else {
            problems.append(Problem(file.place(node.line), "a secret is not a mapping", hint: "- hash: \"sha256:...\""))
            return nil
        }
        for member in members where member.name != "hash" && member.name != "expires_at" {
            problems.append(
                Problem(file.place(member.line), "unknown key in a secret", hint: "a secret has hash and expires_at"))
        }
        let expiry = expiry(of: node, members)
        do throws(InvalidValue) {
            guard let hash = members.first(where: { $0.name == "hash" && !$0.value.isNull })?.value.text else {
                throw InvalidValue("hash is missing")
            }
            return ClientSecret(hash: try ClientSecretHash(parsing: hash), expiresAt: expiry)
        } catch {
            problems.append(Problem(file.place(node.line), "a secret: \(error)"))
            return nil
        }
    }

    private mutating func expiry(of secret: Node, _ members: [YAMLMember<Node>]) -> NumericDate? {
        guard let member = members.first(where: { $0.name == "expires_at" }), !member.value.isNull else { return nil }
        do throws(InvalidValue) { return try NumericDate(rfc3339: member.value.text ?? "") } catch {
            problems.append(Problem(file.place(secret.line), "a secret: expires_at \(error)"))
            return nil
        }
    }

    /// A client has the credentials that its method needs, and none that the method cannot use.
    mutating func checkCredentials(_ method: TokenEndpointAuthenticationMethod?) {
        let hasSecrets = member("client_secrets") != nil
        let hasKeys = member("jwks") != nil || member("jwks_uri") != nil
        let hasIdentities = member("identities") != nil
        if let method, method.usesCertificate { return refuseCredentials(besides: method) }
        switch method {
        case nil where !hasSecrets && !hasKeys && !hasIdentities:
            guard profile == .standard else {
                return note("client_id", "comes without a credential", hint: Self.credentialsOfProfile)
            }
            let hint = "`writ clients add` adds a client with the hash of its secret; keys belong in jwks or jwks_uri"
            note("client_secrets", "is missing", hint: hint)
        case .privateKeyJWT where !hasKeys && !hasIdentities:
            note("token_endpoint_auth_method", "needs jwks, jwks_uri or identities")
        case .privateKeyJWT where hasSecrets: note("client_secrets", "cannot be used with private_key_jwt")
        case .spiffeJWT where !hasIdentities: note("token_endpoint_auth_method", "needs identities")
        case .spiffeJWT where hasSecrets: note("client_secrets", "cannot be used with spiffe_jwt")
        case .spiffeJWT where hasKeys:
            note(member("jwks") != nil ? "jwks" : "jwks_uri", "cannot be used with spiffe_jwt")
        case .clientSecretBasic where hasIdentities, .clientSecretPost where hasIdentities:
            note("identities", "cannot be used with \(method?.rawValue ?? "")")
        case .clientSecretBasic where !hasSecrets, .clientSecretPost where !hasSecrets:
            note("token_endpoint_auth_method", "needs client_secrets")
        case .clientSecretBasic where hasKeys, .clientSecretPost where hasKeys:
            note(member("jwks") != nil ? "jwks" : "jwks_uri", "cannot be used with \(method?.rawValue ?? "")")
        default: break
        }
    }

    /// The certificate of a client is its only credential, RFC 8705 section 2.
    private mutating func refuseCredentials(besides method: TokenEndpointAuthenticationMethod) {
        let others = ["client_secrets", "jwks_uri", "identities"] + (method == .tlsClientAuth ? ["jwks"] : [])
        for name in others where member(name) != nil { note(name, "cannot be used with \(method.rawValue)") }
    }

    /// Without form encoding, HTTP Basic ends the user name at the first colon (RFC 7617 section 2).
    mutating func warnOfColon(
        in id: ClientID, _ secrets: [ClientSecret], _ method: TokenEndpointAuthenticationMethod?
    ) {
        guard !secrets.isEmpty, method == nil || method == .clientSecretBasic, let warning = id.colonWarning else {
            return
        }
        warn("client_id", warning.message, hint: warning.hint)
    }
}

extension ClientID {
    /// A warning for a client that authenticates with HTTP Basic, if the identifier has a colon.
    package var colonWarning: (message: String, hint: String)? {
        guard Octets(description).contains(ascii: ":") else { return nil }
        return (
            "has a colon: with HTTP Basic the client must write it as %3A (RFC 6749 section 2.3.1), "
                + "which many libraries do not",
            "choose an identifier without a colon, or set client_secret_post for this client"
        )
    }
}
