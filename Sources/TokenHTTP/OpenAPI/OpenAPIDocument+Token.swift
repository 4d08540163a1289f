import JOSE
import OAuth
import Telemetry

extension OpenAPIDocument {
    /// RFC 6749 sections 4.4 and 6
    var tokenOperation: JSONLiteral {
        let headers = ["NoStore", "NoCache", "RequestID"]
        let granted: JSONLiteral = [
            "description": "The access token.",
            "headers": Self.headers(headers),
            "content": ["application/json": ["schema": Self.schema("TokenResponse")]],
            "links": Self.links,
        ]
        return [
            "operationId": "requestToken",
            "tags": ["tokens"],
            "summary": "Get an access token.",
            "description": """
            For the client's own credentials, or for a refresh token. A parameter without a value counts as absent \
            (RFC 6749 section 3.2); unknown ones are ignored. None but `resource` and `audience` may be repeated. The \
            whole form has at most \(EndpointRequest.maximumBodySize) octets. Credentials and tokens must not be in \
            the URL.
            """,
            "security": Self.security,
            "requestBody": [
                "required": true,
                "content": [
                    "application/x-www-form-urlencoded": [
                        "schema": Self.schema("TokenRequest"), "examples": Self.tokenRequests,
                    ]
                ],
            ],
            "responses": .object(
                [("200", granted)] + Self.refusals(of: .token, headers: headers)),
        ]
    }

    private static let links: JSONLiteral = [
        "introspection": [
            "operationId": "introspectToken",
            "requestBody": ["token": "$response.body#/access_token"],
            "description": "What the access token holds, for clients that may ask.",
        ],
        "introspectionOfRefreshToken": [
            "operationId": "introspectToken",
            "requestBody": ["token": "$response.body#/refresh_token"],
            "description": "What became of the refresh token, where there is one.",
        ],
        "refresh": [
            "operationId": "requestToken",
            "requestBody": [
                "grant_type": .string(GrantType.refreshToken.rawValue),
                "refresh_token": "$response.body#/refresh_token",
            ],
            "description": "The next access token, where there is a refresh token.",
        ],
    ]

    private static let tokenRequests: JSONLiteral = [
        "allThereIs": [
            "summary": "Everything that the client may have.",
            "value": ["grant_type": .string(GrantType.clientCredentials.rawValue)],
        ],
        "oneScope": [
            "summary": "For one resource server, and less than the client may have.",
            "value": [
                "grant_type": .string(GrantType.clientCredentials.rawValue), "scope": "site.read",
                "resource": ["https://api.example.com"],
            ],
        ],
        "refresh": [
            "value": [
                "grant_type": .string(GrantType.refreshToken.rawValue),
                "refresh_token": "\(RefreshTokenSealer.prefix)...",
            ]
        ],
    ]

    var tokenRequestSchema: JSONLiteral {
        let parameters: [Member] = [
            ("grant_type", ["enum": .strings(GrantType.allCases.map(\.rawValue))]),
            ("scope", ["$ref": "#/components/schemas/Scope", "description": "Without it, all that there is to have."]),
            ("resource", Self.schema("Resources")),
            ("audience", ["$ref": "#/components/schemas/Resources", "description": "Means the same as `resource`."]),
            (
                "refresh_token",
                ["type": "string", "description": "For `grant_type=refresh_token`, and required there."]
            ),
        ]
        return [
            "type": "object",
            "required": ["grant_type"],
            "properties": .object(parameters + credentialParameters),
            "additionalProperties": ["type": "string"],
            // RFC 6749 section 6
            "if": [
                "properties": ["grant_type": ["const": .string(GrantType.refreshToken.rawValue)]],
                "required": ["grant_type"],
            ],
            "then": ["properties": ["refresh_token": ["minLength": 1]], "required": ["refresh_token"]],
        ]
    }

    /// Parameters of each form, for clients that send no Basic credentials.
    var credentialParameters: [Member] {
        [
            (
                "client_id",
                [
                    "type": "string", "maxLength": 256, "pattern": "^[ -~]*$",
                    "description":
                        "Required beside `client_secret`; elsewhere it must be the client that authenticates.",
                ]
            ),
            ("client_secret", ["type": "string", "description": "`client_secret_post`"]),
            (
                "client_assertion_type",
                ["type": "string", "description": "`private_key_jwt`", "examples": [.string(Self.assertionType)]]
            ),
            (
                "client_assertion",
                [
                    "type": "string",
                    "description": """
                    `private_key_jwt`: a JWT that the client signed. `iss` and `sub` are the client, `aud` is \
                    \(configuration.assertionAudiences.joined(separator: " or ")), `exp` is at most 5 minutes away, and \
                    `jti` is good for one use.
                    """,
                ]
            ),
        ]
    }

    private static let assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
}
