/// What the log and the metrics report of a platform's token. It contains nothing that was not verified, but for the name of
/// the issuer.
package struct IdentityTrace: Sendable, Hashable {
    /// `name` of the entry of `issuers.yaml`.
    package let issuer: String
    /// `sub`; `nil` if the signature was not verified.
    package let subject: String?
    /// The identity of the client that the token has, as ``ClientIdentity/description`` writes it; `nil` if it has none.
    package let rule: String?

    package init(issuer: String, subject: String? = nil, rule: String? = nil) {
        self.issuer = issuer
        self.subject = subject
        self.rule = rule
    }
}
