/// What a request to the public listener is for, as logs, metrics and traces call it.
enum Endpoint: String, CaseIterable {
    case token
    case introspection
    /// The JWK Set and the metadata.
    case document
    /// A path where there is nothing.
    case other
}
