import AccessToken
import JOSE
import OAuth
import ServiceFiles

extension OpenAPIDocument {
    var schemas: JSONLiteral {
        .object(
            [
                ("TokenRequest", tokenRequestSchema),
                ("TokenResponse", Self.tokenResponse),
                ("AccessToken", accessToken),
                ("AccessTokenClaims", accessTokenClaims),
            ] + introspectionSchemas + [
                ("Refusal", Self.refusal),
                ("KeySet", Self.keySet),
                ("Metadata", metadata),
                ("Scope", Self.scope),
                ("Resources", Self.resources),
                ("Time", ["type": "integer", "description": "Seconds since 1970-01-01T00:00:00Z."]),
            ])
    }

    /// RFC 6749 section 5.1
    private static var tokenResponse: JSONLiteral {
        [
            "type": "object",
            "required": ["access_token", "token_type", "expires_in", "scope"],
            "properties": [
                "access_token": schema("AccessToken"),
                "token_type": ["const": "Bearer"],
                "expires_in": ["type": "integer", "minimum": 1, "maximum": 86400, "description": "Seconds."],
                "scope": schema("Scope"),
                "refresh_token": [
                    "type": "string",
                    "pattern": "^\(RefreshTokenSealer.prefix)[A-Za-z0-9_-]+$",
                    "description": "For clients with this grant type.",
                ],
            ],
        ]
    }

    /// RFC 9068 section 2
    private var accessToken: JSONLiteral {
        Self.signed(
            "An access token. Clients need not look into it.", algorithm: configuration.algorithm, type: "at+jwt",
            claims: Self.schema("AccessTokenClaims"))
    }

    private var accessTokenClaims: JSONLiteral {
        [
            "description": "Besides these, the client's own.",
            "type": "object",
            "required": ["iss", "sub", "aud", "exp", "iat", "jti", "client_id", "scope"],
            "properties": .object(tokenClaims + [("jti", ["type": "string", "minLength": 1])]),
        ]
    }

    /// What access tokens and refresh tokens have in common.
    var tokenClaims: [Member] {
        [
            ("iss", ["const": .string(configuration.issuer.description)]),
            ("sub", ["type": "string", "description": "The same as `client_id`."]),
            (
                "aud",
                [
                    "description": "The resource servers that it is meant for.",
                    "oneOf": [
                        ["type": "string", "format": "uri"],
                        ["type": "array", "items": ["type": "string", "format": "uri"], "minItems": 2],
                    ],
                ]
            ),
            ("exp", Self.schema("Time")),
            ("iat", Self.schema("Time")),
            ("client_id", ["type": "string", "pattern": "^[ -~]{1,256}$"]),
            ("scope", Self.schema("Scope")),
        ]
    }

    /// A compact JWS. What is in it is said as in section 8.6 of the vocabulary of JSON Schema: header and claims.
    static func signed(
        _ description: String, algorithm: SignatureAlgorithm, type: String, claims: JSONLiteral
    ) -> JSONLiteral {
        let header: JSONLiteral = [
            "type": "object",
            "required": ["alg", "typ", "kid"],
            "properties": [
                "alg": ["const": .string(algorithm.name)], "typ": ["const": .string(type)], "kid": ["type": "string"],
            ],
            "additionalProperties": false,
        ]
        return [
            "description": .string(description),
            "type": "string",
            "pattern": #"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$"#,
            "contentMediaType": "application/jwt",
            "contentSchema": ["type": "array", "minItems": 2, "prefixItems": [header, claims]],
        ]
    }

    /// RFC 6749 section 5.2
    private static var refusal: JSONLiteral {
        [
            "type": "object",
            "required": ["error", "error_description"],
            "properties": [
                "error": ["enum": .strings(errorCodes)],
                "error_description": [
                    "type": "string",
                    "pattern": #"^[ !#-\[\]-~]+$"#,
                    "description": "For people; it says nothing of what was sent.",
                ],
            ],
            "additionalProperties": false,
        ]
    }

    private static let scope: JSONLiteral = [
        "type": "string", "pattern": #"^([!#-\[\]-~]+( [!#-\[\]-~]+)*)?$"#,
        "description": "Scope tokens with single spaces between them, RFC 6749 section 3.3.",
        "examples": ["site.read site.documentation"],
    ]

    private static let resources: JSONLiteral = [
        "description": "Resource servers, RFC 8707 section 2; may be repeated.",
        "type": "array",
        "items": [
            "description": "An absolute URI with a host or a path, and without a fragment.",
            "type": "string",
            "format": "uri",
            "pattern": "^[A-Za-z][A-Za-z0-9+.-]*:(//[^/?#][^#]*|/([^/#][^#]*)?|[^/?#][^#]*)$",
            "maxLength": 2048,
        ],
    ]
}
