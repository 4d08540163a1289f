package import AccessToken
package import JOSE
import WireText

/// An identity that a platform gives a client: an element of `identities` in `clients.yaml`. A token of its issuer is the
/// client's if everything that is pinned here matches.
package struct ClientIdentity: Sendable, Equatable {
    /// The name of an entry of `issuers.yaml`.
    package let issuer: String
    /// `sub`; `nil` if any is accepted.
    package let subject: String?
    /// Each must match.
    package let claims: [PinnedClaim]

    /// - Throws: if nothing is pinned, or more than 32 claims.
    package init(issuer: String, subject: String? = nil, claims: [PinnedClaim] = []) throws(InvalidValue) {
        guard subject != nil || !claims.isEmpty else { throw InvalidValue("pins neither subject nor a claim") }
        guard claims.count <= 32 else { throw InvalidValue("pins more than 32 claims") }
        self.issuer = issuer
        self.subject = subject
        self.claims = claims
    }

    /// The first claim that a token does not match, with what is accepted; `nil` if the token has this identity.
    package func mismatch(subject: String, claims: JSONObject) -> Mismatch? {
        if let own = self.subject, !own.isSameText(as: subject) {
            return Mismatch(claim: "sub", accepted: [.string(own)], found: .string(subject))
        }
        guard let claim = self.claims.first(where: { !$0.matches(claims) }) else { return nil }
        return Mismatch(
            claim: claim.path.description, accepted: claim.accepted, found: claim.path.value(in: claims))
    }

    /// A claim of a token that differs from what an identity pins.
    package struct Mismatch: Sendable {
        /// The name of the claim, or its path.
        package let claim: String
        package let accepted: [JSONValue]
        /// `nil` if the token has no such claim.
        package let found: JSONValue?
    }

    /// As the option `--identity` of `writ clients add` takes it: `issuer=github,repository_id=456`.
    package var description: String {
        (["issuer=\(issuer)"] + (subject.map { ["subject=\($0)"] } ?? []) + claims.map(\.description))
            .joined(separator: ",")
    }

    package static func == (first: ClientIdentity, second: ClientIdentity) -> Bool {
        first.description.isSameText(as: second.description)
    }
}
