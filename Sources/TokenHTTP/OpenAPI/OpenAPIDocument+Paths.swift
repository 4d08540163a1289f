import JOSE
import OAuth
import ServiceFiles

extension OpenAPIDocument {
    var paths: JSONLiteral {
        let endpoints = configuration.endpoints
        let forms: [Member] = [
            (endpoints.token, ["post": tokenOperation]),
            (endpoints.introspection, ["post": introspectionOperation]),
        ]
        // The first one is the one that answers. (With some token paths the management listener has the same path, and
        // there is no room for both.)
        var described: Set<String> = []
        return .object(
            (forms + documentPaths + managementPaths).filter { described.insert($0.0).inserted })
    }

    /// The JWK Set and the metadata, each where it is found.
    private var documentPaths: [Member] {
        let metadata = ServerMetadata(
            issuer: configuration.issuer, endpoints: configuration.endpoints, algorithm: configuration.algorithm)
        return documentPaths(
            [configuration.endpoints.keySet, "/.well-known/jwks.json"], id: "getKeySet",
            "The keys that verify access tokens, RFC 7517.", mediaType: "application/jwk-set+json", schema: "KeySet")
            + documentPaths(
                metadata.paths, id: "getMetadata", "What clients have to know of the service, RFC 8414.",
                mediaType: "application/json", schema: "Metadata")
    }

    /// - Parameters:
    ///   - paths: where the document is, the first one first.
    ///   - id: of the operation that reads it there.
    private func documentPaths(
        _ paths: [String], id: String, _ summary: String, mediaType: String, schema: String
    ) -> [Member] {
        let headers = Self.headers("ETag", "DocumentCacheControl", "AccessControlAllowOrigin", "RequestID")
        let content: [Member] = [
            ("content", [mediaType: ["schema": Self.schema(schema)]]),
            (
                "links",
                [
                    "unchanged": [
                        "operationId": .string(id),
                        "parameters": ["header.If-None-Match": "$response.header.ETag"],
                        "description": "Whether it is still the same, RFC 9110 section 13.1.2.",
                    ]
                ]
            ),
        ]
        func operation(_ summary: String, _ content: [Member] = []) -> [Member] {
            [
                ("tags", ["documents"]),
                ("summary", .string(summary)),
                (
                    "responses",
                    [
                        "200": .object([("description", "The document."), ("headers", headers)] + content),
                        "304": ["description": "The client has it already.", "headers": headers],
                    ]
                ),
            ]
        }
        return paths.map { path in
            let first: [Member] = path == paths.first ? [("operationId", .string(id))] : []
            let item: JSONLiteral = [
                "parameters": [Self.reference("parameters", "IfNoneMatch")],
                "get": .object(first + operation(summary, content)),
                "head": .object(operation("The fields that GET answers with.")),
            ]
            return (path, item)
        }
    }

    static let ifNoneMatch: JSONLiteral = [
        "name": "If-None-Match",
        "in": "header",
        "description": "Entity tags that the client has.",
        "schema": ["type": "string"],
        "example": "*",
    ]
}
