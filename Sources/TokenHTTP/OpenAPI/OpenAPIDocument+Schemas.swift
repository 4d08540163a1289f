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
            "audience": {"$ref": "#/components/schemas/Resources", "description": "Means the same as `resource`."},
            "refresh_token": {
              "type": "string", "description": "Only for `grant_type=refresh_token`, which requires it."
            },
            \#(credentialParameters)
          },
          "additionalProperties": {"type": "string"},
          "if": {"properties": {"grant_type": {"const": "refresh_token"}}, "required": ["grant_type"]},
          "then": {"properties": {"refresh_token": {"minLength": 1}}, "required": ["refresh_token"]}
        },
        "TokenResponse": {
          "type": "object",
          "required": ["access_token", "token_type", "expires_in", "scope"],
          "properties": {
            "access_token": {"$ref": "#/components/schemas/AccessToken"},
            "token_type": {"const": "Bearer"},
            "expires_in": {"type": "integer", "minimum": 1, "maximum": 86400, "description": "Seconds."},
            "scope": {"$ref": "#/components/schemas/Scope"},
            "refresh_token": {
              "type": "string",
              "pattern": "^\#(RefreshTokenSealer.prefix)[A-Za-z0-9_-]+$",
              "description": "For clients with this grant type."
            }
          }
        },
        "AccessToken": \#(signed(
            "An access token. It is opaque to clients.", type: "at+jwt",
            claims: ##"{"$ref": "#/components/schemas/AccessTokenClaims"}"##)),
        "AccessTokenClaims": {
          "description": "Further claims are those of the client.",
          "type": "object",
          "required": ["iss", "sub", "aud", "exp", "iat", "jti", "client_id", "scope"],
          "properties": {\#(tokenClaims), "jti": {"type": "string", "minLength": 1}}
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
              "properties": {"active": {"const": true}, "token_type": {"const": "Bearer"}}
            },
            {
              "description": "A refresh token. A resource server must not accept it as an access token.",
              "type": "object",
              "required": ["active", "token_type", "iss", "sub", "aud", "exp", "iat", "client_id", "scope"],
              "properties": {"active": {"const": true}, "token_type": {"const": "N_A"}, \#(tokenClaims)},
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
            type: "token-introspection+jwt", claims: signedIntrospectionClaims))
        """#
    }

    /// RFC 6749 section 5.2, RFC 7517 section 5, RFC 8414 section 2, and what several schemas share
    var documentSchemas: String {
        #"""
        "Refusal": {
          "type": "object",
          "required": ["error", "error_description"],
          "properties": {
            "error": {"enum": \#(Self.json(Self.errorCodes))},
            "error_description": {
              "type": "string",
              "pattern": "^[ !#-\\[\\]-~]+$",
              "description": "A human-readable description. It repeats nothing of the request."
            }
          },
          "additionalProperties": false
        },
        \#(Self.keySetSchema),
        "Metadata": {
          "type": "object",
          "required": \#(Self.json(metadata.map(\.name))),
          "properties": {\#(metadata.map { #"\#(Self.json($0.name)): {"const": \#(Self.json($0.value))}"# }.joined(separator: ", "))},
          "additionalProperties": false
        },
        "Scope": {
          "type": "string",
          "pattern": "^([!#-\\[\\]-~]+( [!#-\\[\\]-~]+)*)?$",
          "description": "Scope tokens with single spaces between them, RFC 6749 section 3.3.",
          "examples": ["site.read site.documentation"]
        },
        "Resources": {
          "description": "Resource servers, RFC 8707 section 2; may be repeated.",
          "type": "array",
          "items": {
            "description": "An absolute URI with a host or a path, and without a fragment.",
            "type": "string",
            "format": "uri",
            "pattern": "^[A-Za-z][A-Za-z0-9+.-]*:(//[^/?#][^#]*|/([^/#][^#]*)?|[^/?#][^#]*)$",
            "maxLength": 2048
          }
        },
        "Time": {"type": "integer", "description": "Seconds since 1970-01-01T00:00:00Z."}
        """#
    }

    /// RFC 7517 section 5, with a schema for each kind of key in the table of algorithms.
    static var keySetSchema: String {
        var kinds: [SignatureKeyKind] = []
        for algorithm in SignatureAlgorithm.offered where !kinds.contains(algorithm.keyKind) {
            kinds.append(algorithm.keyKind)
        }
        return #"""
            "KeySet": {
              "type": "object",
              "required": ["keys"],
              "properties": {
                "keys": {
                  "type": "array",
                  "minItems": 1,
                  "items": {"oneOf": [\#(kinds.map(keySchema).joined(separator: ",\n"))]}
                }
              },
              "additionalProperties": false
            }
            """#
    }

    private static func keySchema(_ kind: SignatureKeyKind) -> String {
        let curve = kind.curveName.map { [("crv", #"{"const": \#(json($0))}"#)] } ?? []
        let numbers = kind.numbers.map { number in
            let length = number.octets.map { "{\(Base64URL.encodedCount($0))}" } ?? "+"
            return (number.name, #"{"type": "string", "pattern": "^[A-Za-z0-9_-]\#(length)$"}"#)
        }
        let algorithms = SignatureAlgorithm.offered.filter { $0.keyKind == kind }.map(\.name)
        let members = (curve + numbers).map { #"\#(json($0.0)): \#($0.1)"# }.joined(separator: ", ")
        return #"""
            {
              "type": "object",
              "required": \#(json(["kty"] + (curve + numbers).map(\.0) + ["use", "kid"])),
              "properties": {
                "kty": {"const": \#(json(kind.keyType))},
                \#(members),
                "use": {"const": "sig"},
                "kid": {"type": "string"},
                "alg": {"enum": \#(json(algorithms))}
              },
              "additionalProperties": false
            }
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
          "description": "`private_key_jwt`",
          "examples": ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
        },
        "client_assertion": {
          "type": "string",
          "description": "`private_key_jwt`: a JWT that the client signed. `iss` and `sub` are the client, `aud` is \#
        \#(configuration.assertionAudiences.joined(separator: " or ")), `exp` is at most 5 minutes away, and each `jti` is \#
        accepted once. One without `iat` is refused for some minutes after the start of the service."
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
            {"type": "string", "format": "uri"},
            {"type": "array", "items": {"type": "string", "format": "uri"}, "minItems": 2}
          ]
        },
        "exp": {"$ref": "#/components/schemas/Time"},
        "iat": {"$ref": "#/components/schemas/Time"},
        "client_id": {"type": "string", "pattern": "^[ -~]{1,256}$"},
        "scope": {"$ref": "#/components/schemas/Scope"}
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
    private func signed(_ description: String, type: String, claims: String) -> String {
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
                  "typ": {"const": "\#(type)"},
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
