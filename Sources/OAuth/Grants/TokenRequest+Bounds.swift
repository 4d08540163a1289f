import AccessToken

extension TokenRequest {
    /// RFC 6749 section 3.3: what was asked for, or all that there is to have.
    func scope(within allowed: Scope) throws(TokenError) -> Scope {
        guard let text = scope else { return allowed }
        guard let scope = try? Scope(text) else { throw .malformedScope }
        guard scope.isSubset(of: allowed) else { throw .scopeNotAllowed }
        return scope
    }

    /// RFC 8707 section 2: the resources that were asked for, each once; nil where none was.
    func audience(within allowed: [Audience]) throws(TokenError) -> [Audience]? {
        guard !resources.isEmpty else { return nil }
        var audience: [Audience] = []
        for text in resources {
            guard let resource = try? Audience(text) else { throw .malformedResource }
            guard allowed.contains(resource) else { throw .resourceNotAllowed }
            if !audience.contains(resource) { audience.append(resource) }
        }
        return audience
    }
}
