import JOSE
import OAuth

extension OpenAPIDocument {
    var paths: JSONValue {
        let endpoints = configuration.endpoints
        let forms: [(String, JSONValue)] = [
            (endpoints.token, ["post": tokenOperation]),
            (endpoints.introspection, ["post": introspectionOperation]),
        ]
        // The first one is the one that answers. (With some token paths the management listener has the same path, and
        // there is no room for both.)
        var described: Set<String> = []
        return JSONValue(
            members: (forms + documentPaths + managementPaths).filter { described.insert($0.0).inserted })
    }

    /// The JWK Set and the metadata, each where it is found.
    private var documentPaths: [(String, JSONValue)] {
        let metadata = ServerMetadata(
            issuer: configuration.issuer, endpoints: configuration.endpoints, algorithm: configuration.algorithm)
        let keySets = [configuration.endpoints.keySet, "/.well-known/jwks.json"].map { path in
            documentPath(
                path, "The keys that verify access tokens, RFC 7517.", mediaType: "application/jwk-set+json",
                schema: Self.schema("KeySet"))
        }
        return keySets
            + metadata.paths.map { path in
                documentPath(
                    path, "What clients have to know of the service, RFC 8414.", mediaType: "application/json",
                    schema: Self.schema("Metadata"))
            }
    }

    private func documentPath(
        _ path: String, _ summary: String, mediaType: String, schema: JSONValue
    ) -> (String, JSONValue) {
        let headers = Self.headers("ETag", "DocumentCacheControl", "AccessControlAllowOrigin", "RequestID")
        let unchanged: JSONValue = ["description": "The client has it already.", "headers": headers]
        let pointer = path.split(separator: "/", omittingEmptySubsequences: false).joined(separator: "~1")
        // RFC 9110 section 13.1.2
        let links: JSONValue = [
            "unchanged": [
                "operationRef": "#/paths/\(pointer)/get",
                "parameters": ["header.If-None-Match": "$response.header.ETag"],
                "description": "Whether it is still the same.",
            ]
        ]
        func operation(_ method: String, _ answer: [(String, JSONValue)]) -> JSONValue {
            [
                "tags": ["documents"],
                "summary": .string(method == "head" ? "The fields that GET answers with." : summary),
                "responses": [
                    "200": JSONValue(members: [("description", "The document."), ("headers", headers)] + answer),
                    "304": unchanged,
                ],
            ]
        }
        return (
            path,
            [
                "parameters": [Self.reference("parameters", "IfNoneMatch")],
                "get": operation("get", [("content", [mediaType: ["schema": schema]]), ("links", links)]),
                "head": operation("head", []),
            ]
        )
    }

    static let ifNoneMatch: JSONValue = [
        "name": "If-None-Match",
        "in": "header",
        "description": "Entity tags that the client has, RFC 9110 section 13.1.2.",
        "schema": ["type": "string"],
        "example": "*",
    ]
}
