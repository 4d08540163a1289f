import AccessToken
import JOSE
import OAuth
import ServiceFiles

/// Schemas of requests and answers.
extension OpenAPIDocument {
    /// RFC 6749 sections 4.4 to 6, RFC 9068 section 2
    var tokenSchemas: String {
        #"""
        "TokenRequest": {
          "type": "object",
          "required": ["grant_type"],
          "properties": {
            "grant_type": {"enum": \#(Self.json(GrantType.allCases.map(\.rawValue)))},
            "scope": {"$ref": "#/components/schemas/Scope", "description": "Without it, everything that the grant allows."},
            "resource": {"$ref": "#/components/schemas/Resources"},
            "audience": {"$ref": "#/components/schemas/Audiences"},
            "refresh_token": {
              "type": "string", "description": "Only for `grant_type=refresh_token`, which requires it."
            },
            "assertion": {
              "type": "string",
              "description": "Only for `grant_type=\#(GrantType.jwtBearer.rawValue)`, which requires it and takes no other \#
        credentials: the token of a trusted issuer, or an assertion of the client's own."
            },
            \#(credentialParameters)
          },
          "additionalProperties": {"type": "string"},
          "allOf": [
            {
              "if": {"properties": {"grant_type": {"const": "refresh_token"}}, "required": ["grant_type"]},
              "then": {"properties": {"refresh_token": {"minLength": 1}}, "required": ["refresh_token"]}
            },
            {
              "if": {
                "properties": {"grant_type": {"const": "\#(GrantType.jwtBearer.rawValue)"}}, "required": ["grant_type"]
              },
              "then": {"properties": {"assertion": {"minLength": 1}}, "required": ["assertion"]}
            }
          ]
        },
        "TokenResponse": {
          "type": "object",
          "required": ["access_token", "token_type", "expires_in"],
          "properties": {
            "access_token": {"$ref": "#/components/schemas/AccessToken"},
            "token_type": {"$ref": "#/components/schemas/TokenType"},
            "expires_in": {"type": "integer", "minimum": 1, "maximum": 86400, "description": "Seconds."},
            "scope": {"$ref": "#/components/schemas/Scope", "minLength": 1, "description": "Absent if it is empty."},
            "refresh_token": {
              "type": "string",
              "pattern": "^\#(RefreshTokenSealer.prefix)[A-Za-z0-9_-]+$",
              "description": "For clients with this grant type."
            }
          }
        },
        "TokenType": {
          "description": "`DPoP` for a token that is bound to the key of a DPoP proof, RFC 9449 section 5.",
          "enum": ["Bearer", "DPoP"]
        },
        "AccessToken": \#(signed(
            "An access token. It is opaque to clients. `typ` is `JWT` for clients with this `token_shape`.",
            types: AccessTokenShape.HeaderType.allCases.map(\.rawValue), claims: ##"{"$ref": "#/components/schemas/AccessTokenClaims"}"##)),
        "AccessTokenClaims": {
          "description": "Further claims are those of the client. Its `token_shape` may give the scope another name.",
          "type": "object",
          "required": ["iss", "sub", "aud", "exp", "iat", "jti", "client_id"],
          "properties": {
            \#(tokenClaims),
            "scope": {
              "oneOf": [
                {"$ref": "#/components/schemas/Scope", "minLength": 1},
                {"type": "array", "items": {"type": "string"}, "minItems": 1}
              ]
            },
            "jti": {"type": "string", "minLength": 1},
            "status": {
              "description": "The place of the token in a status list, if the configuration says so.",
              "type": "object",
              "required": ["status_list"],
              "properties": {
                "status_list": {
                  "type": "object",
                  "required": ["idx", "uri"],
                  "properties": {
                    "idx": {"type": "integer", "minimum": 0}, "uri": {"type": "string", "format": "uri"}
                  },
                  "additionalProperties": false
                }
              },
              "additionalProperties": false
            },
            "cnf": {
              "description": "The key that the token is bound to.",
              "type": "object",
              "minProperties": 1,
              "properties": {
                "jkt": {"type": "string", "pattern": "^[A-Za-z0-9_-]{43}$"},
                "x5t#S256": {"type": "string", "pattern": "^[A-Za-z0-9_-]{43}$"}
              },
              "additionalProperties": false
            }
          }
        }
        """#
    }

    /// RFC 7662 section 2, RFC 9701 section 5
    var introspectionSchemas: String {
        #"""
        "IntrospectionRequest": {
          "type": "object",
          "required": ["token"],
          "properties": {
            "token": {"type": "string", "minLength": 1},
            "token_type_hint": {
              "type": "string", "description": "Ignored: access and refresh tokens have distinct formats."
            },
            \#(credentialParameters)
          },
          "additionalProperties": {"type": "string"}
        },
        "Introspection": {
          "oneOf": [
            {"$ref": "#/components/schemas/InactiveToken"},
            {
              "description": "An access token, with all of its claims.",
              "allOf": [{"$ref": "#/components/schemas/AccessTokenClaims"}],
              "required": ["active", "token_type"],
              "properties": {
                "active": {"const": true},
                "token_type": {"$ref": "#/components/schemas/TokenType"},
                "scope": {"$ref": "#/components/schemas/Scope", "minLength": 1}
              }
            },
            {
              "description": "A refresh token. A resource server must not accept it as an access token.",
              "type": "object",
              "required": ["active", "token_type", "iss", "sub", "aud", "exp", "iat", "client_id"],
              "properties": {
                "active": {"const": true},
                "token_type": {"const": "N_A"},
                \#(tokenClaims),
                "scope": {"$ref": "#/components/schemas/Scope", "minLength": 1}
              },
              "additionalProperties": false
            }
          ]
        },
        "InactiveToken": {
          "description": "Not a valid token of this issuer, or not one that the client may introspect.",
          "type": "object",
          "required": ["active"],
          "properties": {"active": {"const": false}},
          "additionalProperties": false
        },
        "SignedIntrospection": \#(signed(
            "A JWT whose claim `token_introspection` is the answer, and whose `aud` is the client that asked.",
            types: ["token-introspection+jwt"], claims: signedIntrospectionClaims))
        """#
    }

    /// The parameters of every form for clients that send no Basic credentials.
    private var credentialParameters: String {
        #"""
        "client_id": {
          "type": "string",
          "maxLength": 256,
          "pattern": "^[ -~]*$",
          "description": "Required with `client_secret`; otherwise optional, and it must be the client that authenticates."
        },
        "client_secret": {"type": "string", "description": "`client_secret_post`"},
        "client_assertion_type": {
          "type": "string",
          "description": "`private_key_jwt`, or `spiffe_jwt`",
          "examples": [
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe"
          ]
        },
        "client_assertion": {
          "type": "string",
          "description": "The token of a trusted issuer, which says which client it is; or `private_key_jwt`: a JWT that the \#
        client signed. `iss` and `sub` are the client, `aud` is \#
        \#(configuration.assertionAudiences.joined(separator: " or ")), `exp` is no further away \#
        than `client_assertion.longest_lifetime` allows. With `client_assertion.single_use` each `jti` is accepted once, and \#
        an assertion without `iat` is refused for as long after the start of the service."
        }
        """#
    }

    /// The claims that access tokens and refresh tokens have in common.
    private var tokenClaims: String {
        #"""
        "iss": {"const": \#(issuer)},
        "sub": {"type": "string", "description": "The same as `client_id`."},
        "aud": {
          "description": "The resource servers that the token is for.",
          "oneOf": [
            {"type": "string"},
            {"type": "array", "items": {"type": "string"}, "minItems": 2}
          ]
        },
        "exp": {"$ref": "#/components/schemas/Time"},
        "iat": {"$ref": "#/components/schemas/Time"},
        "client_id": {"type": "string", "pattern": "^[ -~]{1,256}$"}
        """#
    }

    /// RFC 9701 section 5
    private var signedIntrospectionClaims: String {
        #"""
        {
          "type": "object",
          "required": ["iss", "aud", "iat", "token_introspection"],
          "properties": {
            "iss": {"const": \#(issuer)},
            "aud": {"type": "string"},
            "iat": {"$ref": "#/components/schemas/Time"},
            "token_introspection": {"$ref": "#/components/schemas/Introspection"}
          },
          "additionalProperties": false
        }
        """#
    }

    /// A compact JWS. Its header and claims are described as in section 8.6 of the JSON Schema Validation vocabulary.
    private func signed(_ description: String, types: [String], claims: String) -> String {
        #"""
        {
          "description": "\#(description)",
          "type": "string",
          "pattern": "^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$",
          "contentMediaType": "application/jwt",
          "contentSchema": {
            "type": "array",
            "minItems": 2,
            "prefixItems": [
              {
                "type": "object",
                "required": ["alg", "typ", "kid"],
                "properties": {
                  "alg": {"const": \#(Self.json(configuration.algorithm.name))},
                  "typ": {"enum": \#(Self.json(types))},
                  "kid": {"type": "string"}
                },
                "additionalProperties": false
              },
              \#(claims)
            ]
          }
        }
        """#
    }
}
