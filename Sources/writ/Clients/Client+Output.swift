import AccessToken
import JOSE
import OAuth
import ServiceFiles

extension Client {
    /// Writes the client with the member names of RFC 7591, without its secrets and keys.
    ///
    /// - Parameter addMembers: writes further members.
    func write(
        to writer: inout JSONWriter, isDisabled: Bool = false, addMembers: (inout JSONWriter) -> Void = { _ in }
    ) {
        writer.object { object in
            object.member("client_id", id.description)
            if isDisabled { object.member("disabled", .bool(true)) }
            if let name { object.member("client_name", name) }
            object.member("token_endpoint_auth_methods", authenticationMethods.map(\.rawValue))
            if assertionRules != .none {
                object.name("client_assertion")
                object.object { rules in
                    if let lifetime = assertionRules.longestLifetime {
                        rules.member("longest_lifetime", DurationText.format(lifetime))
                    }
                    if let isSingleUse = assertionRules.isSingleUse { rules.member("single_use", .bool(isSingleUse)) }
                }
            }
            object.member("grant_types", grantTypes.map(\.rawValue).sorted())
            object.member("scope", scope.description)
            object.member("resources", resources.map(\.description))
            object.member("audiences", audiences.map(\.description))
            if tokenShape != .standard {
                object.name("token_shape")
                object.object { shape in
                    shape.member("typ", tokenShape.type.rawValue)
                    shape.member("scope", tokenShape.scope.rawValue)
                    shape.member("scope_claim", tokenShape.scopeClaim)
                }
            }
            if let requestsPerMinute { object.member("requests_per_minute", Int64(requestsPerMinute)) }
            if requiresProof { object.member("dpop_bound_access_tokens", .bool(true)) }
            switch introspection {
            case .none: object.member("introspect", .bool(false))
            case .all: object.member("introspect", .bool(true))
            case .audiences(let audiences): object.member("introspect", audiences.map(\.description))
            }
            writeRevocation(to: &object)
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
            case .remote(let location):
                object.member("jwks_uri", location.url)
                if let caFile = location.caFile { object.member("ca_file", caFile) }
            case nil: break
            }
            writeIdentities(to: &object)
            writeCertificates(to: &object)
            addMembers(&object)
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
