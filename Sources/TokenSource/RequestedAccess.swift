public import AccessToken

/// What a token is requested for: resources, audiences and a scope. Each value has a token of its own.
public struct RequestedAccess: Sendable, Hashable {
    /// `resource`, RFC 8707 section 2: the URIs of the resource servers that the token is for.
    public let resources: [Audience]
    /// `audience`, RFC 8693 section 2.1: the names of the resource servers, for issuers that know them by name.
    public let audiences: [Audience]
    /// `scope`, RFC 6749 section 3.3. `nil` for what the issuer grants by default.
    public let scope: Scope?

    /// Whatever the issuer grants to a client that asks for nothing in particular.
    public static let byDefault = RequestedAccess()

    /// Several resource servers, or none. RFC 8707 section 2: `resource` is a URI, so a name among `resources` is requested
    /// by `audience`.
    public init(resources: [Audience] = [], audiences: [Audience] = [], scope: Scope? = nil) {
        self.resources = resources.filter(Self.isURI)
        self.audiences = audiences + resources.filter { !Self.isURI($0) }
        self.scope = scope.flatMap { $0 == .empty ? nil : $0 }
    }

    /// One resource server.
    public init(resource: Audience, scope: Scope? = nil) {
        self.init(resources: [resource], scope: scope)
    }

    private static func isURI(_ audience: Audience) -> Bool { (try? Audience(resource: audience.description)) != nil }

    /// The form of a request with the client credentials grant, RFC 6749 section 4.4.2.
    var form: [(name: String, value: String)] {
        var form = [(name: "grant_type", value: "client_credentials")]
        if let scope { form.append((name: "scope", value: scope.description)) }
        form += resources.map { (name: "resource", value: $0.description) }
        form += audiences.map { (name: "audience", value: $0.description) }
        return form
    }
}
