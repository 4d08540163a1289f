/// What a request to the public listener is for, as logs, metrics and traces call it.
package enum Endpoint: String, Sendable, CaseIterable {
    case token
    case introspection
    /// The JWK Set and the metadata.
    case document
    /// A path with no resource.
    case other
}
