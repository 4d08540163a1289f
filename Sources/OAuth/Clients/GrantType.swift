/// The grant types that a client may be allowed, with the names of RFC 7591 section 2.
public enum GrantType: String, Sendable, Hashable, CaseIterable {
    case clientCredentials = "client_credentials"
}
