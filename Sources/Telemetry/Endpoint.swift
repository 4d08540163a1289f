/// The kind of a request to the public listener: `endpoint` in logs and metrics.
package enum Endpoint: String, Sendable, CaseIterable {
    case token
    case introspection
    case revocation
    /// A status list, and the list of all of them.
    case statusList = "status_list"
    /// The JWK Set and the metadata.
    case document
    /// A path without a resource, and the authorization endpoint that refuses every request.
    case other
}
