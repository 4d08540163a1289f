import JOSE
import OAuth
import ServiceFiles
import Telemetry

/// The operations of each path.
extension OpenAPIDocument {
    /// RFC 6749 sections 4.4 and 6
    var tokenPath: String {
        let headers = ["RequestID", "NoStore", "NoCache"] + (configuration.dpopNonce ? ["DPoPNonce"] : [])
        return #"""
            {
              "post": {
                "operationId": "requestToken",
                "tags": ["tokens"],
                "summary": "Get an access token.",
                "description": "For the client's own credentials, or for a refresh token. A parameter without a value \#
            counts as absent (RFC 6749 section 3.2); unknown ones are ignored. Only `resource` and `audience` may be \#
            repeated. The whole form has at most \#(EndpointRequest.maximumBodySize) octets. Credentials and tokens \#
            must not be in the URL.",
                "security": [{"client_secret_basic": []}, {}],
                "parameters": [{"$ref": "#/components/parameters/DPoP"}],
                "requestBody": {
                  "required": true,
                  "content": {
                    "application/x-www-form-urlencoded": {
                      "schema": {"$ref": "#/components/schemas/TokenRequest"},
                      "examples": {
                        "allThereIs": {
                          "summary": "Everything that the client may have.",
                          "value": {"grant_type": "client_credentials"}
                        },
                        "oneScope": {
                          "summary": "For one resource server, and less than the client may have.",
                          "value": {
                            "grant_type": "client_credentials",
                            "scope": "site.read",
                            "resource": ["https://api.example.com"]
                          }
                        },
                        "refresh": {"value": {"grant_type": "refresh_token", "refresh_token": "\#(RefreshTokenSealer.prefix)..."}}
                      }
                    }
                  }
                },
                "responses": {
                  "200": {
                    "description": "The access token.",
                    "headers": \#(Self.headers(headers)),
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/TokenResponse"}}},
                    "links": {
                      "introspection": {
                        "operationId": "introspectToken",
                        "requestBody": {"token": "$response.body#/access_token"},
                        "description": "The claims of the access token, for clients that may introspect."
                      },
                      "introspectionOfRefreshToken": {
                        "operationId": "introspectToken",
                        "requestBody": {"token": "$response.body#/refresh_token"},
                        "description": "The state of the refresh token, if there is one."
                      },
                      "refresh": {
                        "operationId": "requestToken",
                        "requestBody": {"grant_type": "refresh_token", "refresh_token": "$response.body#/refresh_token"},
                        "description": "The next access token, if there is a refresh token."
                      }
                    }
                  },
                  \#(Self.refusals(of: .token, headers: headers))
                }
              }
            }
            """#
    }

    /// RFC 7662 section 2
    var introspectionPath: String {
        let headers = ["RequestID", "NoStore", "NoCache", "Vary"]
        return #"""
            {
              "post": {
                "operationId": "introspectToken",
                "tags": ["tokens"],
                "summary": "Introspect a token.",
                "description": "For clients with `introspect`. The answer is a JWT (RFC 9701) if `Accept` names \#
            `application/token-introspection+jwt` with a weight at least that of JSON. The rules for the form are those \#
            of the token endpoint.",
                "security": [{"client_secret_basic": []}, {}],
                "requestBody": \#(Self.formWithToken),
                "responses": {
                  "200": {
                    "description": "Whether the token is active, and its claims if it is.",
                    "headers": \#(Self.headers(headers)),
                    "content": {
                      "application/json": {"schema": {"$ref": "#/components/schemas/Introspection"}},
                      "application/token-introspection+jwt": {
                        "schema": {"$ref": "#/components/schemas/SignedIntrospection"}
                      }
                    }
                  },
                  \#(Self.refusals(of: .introspection, headers: headers))
                }
              }
            }
            """#
    }

    /// The request body of introspection and of revocation.
    static let formWithToken = #"""
        {
          "required": true,
          "content": {
            "application/x-www-form-urlencoded": {
              "schema": {"$ref": "#/components/schemas/IntrospectionRequest"},
              "example": {"token": "\#(RefreshTokenSealer.prefix)..."}
            }
          }
        }
        """#

    /// The JWK Set or the metadata, at one of its paths.
    ///
    /// - Parameters:
    ///   - id: the identifier of the operation.
    ///   - isFirst: whether it is the first of the paths, the only one with the identifier.
    func documentPath(
        id: String, isFirst: Bool, summary: String, mediaType: String, schema: String
    ) -> String {
        let headers = Self.headers(["RequestID", "ETag", "DocumentCacheControl", "AccessControlAllowOrigin"])
        return #"""
            {
              "parameters": [{"$ref": "#/components/parameters/IfNoneMatch"}],
              "get": {
                \#(isFirst ? #""operationId": "\#(id)","# : "")
                "tags": ["documents"],
                "summary": "\#(summary)",
                "responses": {
                  "200": {
                    "description": "The document.",
                    "headers": \#(headers),
                    "content": {"\#(mediaType)": {"schema": {"$ref": "#/components/schemas/\#(schema)"}}},
                    "links": {
                      "unchanged": {
                        "operationId": "\#(id)",
                        "parameters": {"header.If-None-Match": "$response.header.ETag"},
                        "description": "Whether the document is unchanged, RFC 9110 section 13.1.2."
                      }
                    }
                  },
                  "304": {"description": "The client has the current document.", "headers": \#(headers)}
                }
              },
              "head": {
                "tags": ["documents"],
                "summary": "The fields that GET answers with.",
                "responses": {
                  "200": {"description": "The document.", "headers": \#(headers)},
                  "304": {"description": "The client has the current document.", "headers": \#(headers)}
                }
              },
              "options": \#(Self.preflight)
            }
            """#
    }

    /// OPTIONS for a document.
    static let preflight = #"""
        {
          "tags": ["documents"],
          "summary": "What a browser asks before a page of another origin reads the document (CORS).",
          "responses": {
            "204": {
              "description": "Every page may.",
              "headers": \#(headers([
                  "RequestID", "AllowOfDocument", "AccessControlAllowOrigin", "AccessControlAllowMethods",
                  "AccessControlAllowHeaders", "AccessControlMaxAge",
              ]))
            }
          }
        }
        """#

    /// The authorization endpoint that refuses every request.
    var authorizationPath: String {
        let headers = ["RequestID", "NoStore", "NoCache", "Vary"]
        let refusal = Self.refusals([.unsupportedResponseType], headers: headers)
        let head = #""400": {"description": "As for GET.", "headers": \#(Self.headers(headers))}"#
        let operations = [("get", refusal), ("head", head), ("post", refusal)].map { method, responses in
            #"""
            "\#(method)": {
              "tags": ["tokens"],
              "summary": "Refuses every request: the service has no response types.",
              "responses": {\#(responses)}
            }
            """#
        }
        return "{\(operations.joined(separator: ",\n"))}"
    }

    /// A path of the management listener. Each answer has a status, a description, a media type and a schema.
    ///
    /// - Parameter parameters: of its operations, as JSON; `nil` for none.
    func managementPath(
        _ address: ListenAddress, summary: String, parameters: String? = nil,
        _ answers: [(status: Int, description: String, mediaType: String, schema: String)]
    ) -> String {
        func responses(hasContent: Bool) -> String {
            answers.map { answer in
                let content = #", "content": {"\#(answer.mediaType)": {"schema": \#(answer.schema)}}"#
                return #"""
                    "\#(answer.status)": {
                      "description": "\#(answer.description)",
                      "headers": \#(Self.headers(["NoStore"]))\#(hasContent ? content : "")
                    }
                    """#
            }.joined(separator: ",\n")
        }
        return #"""
            {
              "servers": [
                {
                  "url": "http://{management}",
                  "description": "Health, metrics and this document.",
                  "variables": {
                    "management": {
                      "default": \#(Self.json(address.description)),
                      "description": "`management` of the configuration, or the address that other hosts reach it by."
                    }
                  }
                }
              ],
              \#(parameters.map { #""parameters": \#($0),"# } ?? "")
              "get": {
                "tags": ["management"], "summary": "\#(summary)",
                "responses": {\#(responses(hasContent: true))}
              },
              "head": {
                "tags": ["management"], "summary": "The fields that GET answers with.",
                "responses": {\#(responses(hasContent: false))}
              }
            }
            """#
    }
}
