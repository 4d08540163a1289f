/// A well-formed introspection request, RFC 7662 section 2.1. The client is not authenticated yet.
package struct IntrospectionRequest: Sendable {
    /// RFC 9701 section 4
    package static let jwtMediaType = "application/token-introspection+jwt"

    /// `token`. `token_type_hint` is ignored: access and refresh tokens have distinct formats.
    let token: String
    /// Whether the client prefers a signed answer, RFC 9701 section 4.
    let wantsJWT: Bool
    /// The credentials of the client that the request claims to come from.
    package let credentials: PresentedCredentials

    /// - Throws: the refusals that do not depend on registered clients: `invalid_request`, or `invalid_client` if
    ///   credentials are missing or cannot be parsed.
    package init(parsing request: EndpointRequest) throws(TokenRefusal) {
        let parameters = try FormParameters(of: request)
        guard let token = parameters["token"] else { throw TokenRefusal(.missingToken) }
        self.token = token
        credentials = try PresentedCredentials(request, parameters)
        wantsJWT = AcceptedMediaTypes(request.fields.accept).prefer(Self.jwtMediaType, to: "application/json")
    }
}

/// The media types that a client accepts, RFC 9110 section 12.5.1.
struct AcceptedMediaTypes {
    /// The weights, by media type in lower case.
    private var weights: [Substring: Double] = [:]

    /// - Parameter fields: the values of all `Accept` fields.
    init(_ fields: [String]) {
        for range in fields.joined(separator: ",").lowercased().split(separator: ",") {
            let parts = range.filter { $0 != " " && $0 != "\t" }.split(separator: ";", omittingEmptySubsequences: false)
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            weights[parts[0]] = max(weights[parts[0]] ?? 0, weight)
        }
    }

    /// Whether `Accept` names the first media type, with a weight at least that of the second. A wildcard does not name
    /// the first: it accepts the usual answer.
    func prefer(_ first: String, to second: String) -> Bool {
        let weight = weights[Substring(first)] ?? 0
        let family = second.prefix { $0 != "/" } + "/*"
        let other = weights[Substring(second)] ?? weights[family] ?? weights["*/*"] ?? 0
        return weight > 0 && weight >= other
    }
}
