import AccessToken
import JOSE
import OAuth
import Telemetry

extension OpenAPIDocument {
    /// RFC 7662 section 2
    var introspectionOperation: JSONLiteral {
        let headers = ["NoStore", "NoCache", "Vary", "RequestID"]
        let finding: JSONLiteral = [
            "description": "What the token is.",
            "headers": Self.headers(headers),
            "content": [
                "application/json": ["schema": Self.schema("Introspection")],
                "application/token-introspection+jwt": ["schema": Self.schema("SignedIntrospection")],
            ],
        ]
        return [
            "operationId": "introspectToken",
            "tags": ["tokens"],
            "summary": "Find out what a token is worth.",
            "description": """
            For clients with `introspect`. The answer is a JWT (RFC 9701) where `Accept` names \
            `application/token-introspection+jwt` and wants JSON no more. For the form the same holds as at the token \
            endpoint.
            """,
            "security": Self.security,
            "requestBody": [
                "required": true,
                "content": [
                    "application/x-www-form-urlencoded": [
                        "schema": Self.schema("IntrospectionRequest"),
                        "example": ["token": "\(RefreshTokenSealer.prefix)..."],
                    ]
                ],
            ],
            "responses": .object(
                [("200", finding)] + Self.refusals(of: .introspection, headers: headers)),
        ]
    }

    var introspectionSchemas: [Member] {
        [
            ("IntrospectionRequest", introspectionRequest),
            (
                "Introspection",
                ["oneOf": [Self.schema("InactiveToken"), activeAccessToken, activeRefreshToken]]
            ),
            (
                "InactiveToken",
                [
                    "description": "No token of this issuer, no longer one, or not one that the client may ask about.",
                    "type": "object",
                    "required": ["active"],
                    "properties": ["active": ["const": false]],
                    "additionalProperties": false,
                ]
            ),
            ("SignedIntrospection", signedIntrospection),
        ]
    }

    private var introspectionRequest: JSONLiteral {
        [
            "type": "object",
            "required": ["token"],
            "properties": .object(
                [
                    ("token", ["type": "string", "minLength": 1]),
                    (
                        "token_type_hint",
                        ["type": "string", "description": "Not needed: tokens are told by their looks."]
                    ),
                ] + credentialParameters),
            "additionalProperties": ["type": "string"],
        ]
    }

    private var activeAccessToken: JSONLiteral {
        [
            "description": "An access token, with all of its claims.",
            "allOf": [Self.schema("AccessTokenClaims")],
            "required": ["active", "token_type"],
            "properties": ["active": ["const": true], "token_type": ["const": "Bearer"]],
        ]
    }

    private var activeRefreshToken: JSONLiteral {
        [
            "description": "A refresh token, which no resource server must take for an access token.",
            "type": "object",
            "required": ["active", "token_type", "iss", "sub", "aud", "exp", "iat", "client_id", "scope"],
            "properties": .object(
                [("active", ["const": true]), ("token_type", ["const": "N_A"])] + tokenClaims),
            "additionalProperties": false,
        ]
    }

    /// RFC 9701 section 5
    private var signedIntrospection: JSONLiteral {
        Self.signed(
            "The same as the claim `token_introspection` of a JWT, whose `aud` is the client that asked.",
            algorithm: configuration.algorithm, type: "token-introspection+jwt",
            claims: [
                "type": "object",
                "required": ["iss", "aud", "iat", "token_introspection"],
                "properties": [
                    "iss": ["const": .string(configuration.issuer.description)],
                    "aud": ["type": "string"],
                    "iat": Self.schema("Time"),
                    "token_introspection": Self.schema("Introspection"),
                ],
                "additionalProperties": false,
            ])
    }
}
