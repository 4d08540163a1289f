import AccessToken
import JOSE
import OAuth
import ServiceFiles

/// What the service answers to whom, as OpenAPI 3.1 says it. Paths, URLs and algorithms are those of the configuration, so
/// that what a service gives out is true of that service.
struct OpenAPIDocument {
    typealias Member = JSONLiteral.Member

    let configuration: ServiceConfiguration

    /// The document as it is given out.
    var json: [UInt8] {
        var writer = JSONWriter(reservingCapacity: 64 * 1024)
        writer.value(literal.value)
        return writer.bytes
    }

    var literal: JSONLiteral {
        [
            "openapi": "3.1.1",
            "info": Self.info,
            "servers": [["url": .string(configuration.issuer.origin), "description": "Clients and resource servers."]],
            "tags": Self.tags,
            "paths": paths,
            "components": [
                "securitySchemes": Self.securitySchemes,
                "parameters": ["IfNoneMatch": Self.ifNoneMatch],
                "headers": Self.headers,
                "responses": Self.refusalsOfAnyPath,
                "schemas": schemas,
            ],
        ]
    }

    private static let info: JSONLiteral = [
        "title": "Writ",
        "summary": "Access tokens for machines.",
        "description": """
        A stateless OAuth 2.0 token service. Refusals are those of RFC 6749 section 5.2, each with a fixed description. \
        A method that a path does not have is refused as `MethodNotAllowed` says, and a path where there is nothing as \
        `NotFound` says. What is not HTTP gets 400 without a body, and the connection ends.
        """,
        "license": ["name": "Apache License 2.0", "identifier": "Apache-2.0"],
        "version": .string(Release.version),
    ]

    private static let tags: JSONLiteral = [
        ["name": "tokens", "description": "For clients, which authenticate."],
        ["name": "documents", "description": "For everybody, and caches."],
        ["name": "management", "description": "For those who look after the service, on a listener of its own."],
    ]

    private static let securitySchemes: JSONLiteral = [
        TokenEndpointAuthenticationMethod.clientSecretBasic.rawValue: [
            "type": "http",
            "scheme": "basic",
            "description": """
            `client_secret_basic`, RFC 6749 section 2.3.1. The other methods are parameters of the form: \
            `client_secret_post` is `client_id` with `client_secret`, and `private_key_jwt` is `client_assertion_type` \
            with `client_assertion` (RFC 7523 section 2.2). A request uses one method.
            """,
        ]
    ]

    /// Basic credentials, or others in the form.
    static let security: JSONLiteral = [
        [TokenEndpointAuthenticationMethod.clientSecretBasic.rawValue: []], [:],
    ]

    static func reference(_ kind: String, _ name: String) -> JSONLiteral {
        ["$ref": "#/components/\(kind)/\(name)"]
    }

    static func schema(_ name: String) -> JSONLiteral { reference("schemas", name) }
}
