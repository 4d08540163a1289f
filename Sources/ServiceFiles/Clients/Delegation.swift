import AccessToken
import JOSE
import OAuth
import WireText

/// What the clients of one file may have: a member of `delegations`. What is absent is not handed out.
package struct Delegation: Sendable, Equatable {
    /// `client_ids`: how the identifiers begin. If there are none, the file may use every identifier that no other
    /// delegation begins.
    var clientIDs: [String] = []
    /// `scope`
    var scope = Scope.empty
    /// `resources` and `audiences`
    var audiences: [Audience] = []
    /// `claims`: the names of claims that are written in the file or copied from identities.
    var claims: [String] = []
    /// `issuers`: the trusted issuers that identities may name.
    var issuers: [String] = []
    /// `introspect`: whether clients may introspect tokens for every audience. Those for `audiences` they may in any case.
    var mayIntrospect = false

    /// What a client has beyond it, each as the end of a message: `scope has pay.write`.
    func excess(of client: Client) -> [String] {
        excessOfScope(client) + excessOfAudiences(client) + excessOfClaims(client)
            + client.identities.filter { identity in !issuers.contains { $0.isSameText(as: identity.issuer) } }
            .map { "identities has the issuer \($0.issuer)" }
    }

    private func excessOfScope(_ client: Client) -> [String] {
        guard !client.scope.isSubset(of: scope) else { return [] }
        return client.scope.tokens.filter { !scope.contains($0) }.map { "scope has \($0)" }
    }

    private func excessOfAudiences(_ client: Client) -> [String] {
        let allowed = Set(audiences)
        let own = client.resources.filter { !allowed.contains($0) }.map { "resources has \($0)" }
        let names = client.audiences.filter { !allowed.contains($0) }.map { "audiences has \($0)" }
        switch client.introspection {
        case .none: return own + names
        case .all: return own + names + (mayIntrospect ? [] : ["introspect is true"])
        case .audiences(let readable):
            guard !mayIntrospect else { return own + names }
            return own + names + readable.filter { !allowed.contains($0) }.map { "introspect has \($0)" }
        }
    }

    private func excessOfClaims(_ client: Client) -> [String] {
        func isForeign(_ name: String) -> Bool { !claims.contains { $0.isSameText(as: name) } }
        let written = client.staticClaims.members.map(\.name).filter(isForeign).map { "claims has \($0)" }
        let copied = client.copiedClaims.map(\.name).filter(isForeign).map { "claims_from_identity has \($0)" }
        let shape = client.tokenShape.scopeClaim
        let isUsual = shape == AccessTokenShape.standard.scopeClaim || shape.isSameText(as: "scp")
        return written + copied + (!isUsual && isForeign(shape) ? ["token_shape has the claim \(shape)"] : [])
    }
}
