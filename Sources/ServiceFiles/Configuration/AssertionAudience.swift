/// How the audience of a client's assertion is read: `client_assertion.audience`.
package enum AssertionAudience: String, Sendable, CaseIterable {
    /// The issuer or the token endpoint, as RFC 7523 section 3 has it.
    case either
    /// The issuer alone, as draft-ietf-oauth-rfc7523bis has it.
    case issuer
}
