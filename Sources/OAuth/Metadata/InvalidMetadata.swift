package import AccessToken
import JOSE
import WireText

/// Why a member cannot be added to the metadata documents.
package struct InvalidMetadata: Error, Sendable, Equatable {
    /// The name of the member, as the operator wrote it.
    package let name: String
    /// The rest of a sentence whose subject is the member.
    package let reason: InvalidValue

    init(_ member: JSONObject.Member, _ reason: StaticString) {
        name = member.name
        self.reason = InvalidValue(reason)
    }
}

extension JSONObject.Member {
    /// Checks what RFC 8414 section 2 says of every member, and of those that clients decide by.
    func checkAsMetadata() throws(InvalidMetadata) {
        if let elements = value.array, elements.isEmpty {
            throw InvalidMetadata(self, "is an empty list; RFC 8414 section 3.2 leaves such a member out")
        }
        // RFC 8414 section 2.1: its claims take precedence over all members.
        guard !name.isSameText(as: "signed_metadata") else {
            throw InvalidMetadata(self, "would replace the service's own members (RFC 8414 section 2.1)")
        }
        if name.isSameText(as: "scopes_supported") { try checkScopes() }
        if Octets(name).ends(with: "_endpoint") {
            guard let url = value.string, TransportSecurity.isAcceptable(url) else {
                throw InvalidMetadata(self, "is not an https URL (http is allowed on a loopback host only)")
            }
        }
    }

    private func checkScopes() throws(InvalidMetadata) {
        let tokens = value.array?.compactMap { $0.string.flatMap { try? Scope(tokens: [$0]) } }
        guard let tokens, tokens.count == value.array?.count else {
            throw InvalidMetadata(self, "is not a list of scope tokens (RFC 6749 section 3.3)")
        }
    }
}
