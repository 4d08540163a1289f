import AccessToken
import JOSE
import OAuth
import ServiceFiles

extension Client {
    /// Writes the client with the member names of RFC 7591, without its secrets and keys.
    func write(to writer: inout JSONWriter) {
        writer.object { object in
            object.member("client_id", id.description)
            if let name { object.member("client_name", name) }
            object.member("token_endpoint_auth_methods", authenticationMethods.map(\.rawValue))
            object.member("grant_types", grantTypes.map(\.rawValue).sorted())
            object.member("scope", scope.description)
            object.member("resources", resources.map(\.description))
            switch introspection {
            case .none: object.member("introspect", .bool(false))
            case .all: object.member("introspect", .bool(true))
            case .audiences(let audiences): object.member("introspect", audiences.map(\.description))
            }
            if let refreshTokensNotBefore {
                object.member("refresh_tokens_not_before", refreshTokensNotBefore.rfc3339)
            }
            object.name("client_secrets")
            object.array { array in
                for secret in secrets {
                    array.object {
                        $0.member("kind", secret.kind)
                        $0.member("expires_at", secret.expiresAt.map { .string($0.rfc3339) } ?? .null)
                    }
                }
            }
            switch keys {
            case .fixed(let keys):
                object.member("kids", .array(keys.keys.map { $0.keyID.map { .string($0) } ?? .null }))
            case .remote(let url): object.member("jwks_uri", url)
            case nil: break
            }
        }
    }
}

extension ClientSecret {
    /// The hash that is stored: `sha256`, `bcrypt`, `scrypt`, `pbkdf2-sha256`, `pbkdf2-sha512`.
    var kind: String {
        let text = hash.description
        guard text.hasPrefix("$") else { return String(text.prefix { $0 != ":" }) }
        let name = text.dropFirst().prefix { $0 != "$" }
        return name.hasPrefix("2") ? "bcrypt" : String(name)
    }

    /// A human-readable description of its expiry.
    var end: String { expiresAt.map(\.rfc3339) ?? "no expiry" }
}
