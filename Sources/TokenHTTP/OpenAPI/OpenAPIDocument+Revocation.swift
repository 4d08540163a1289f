import OAuth
import Telemetry

/// The status lists, and the endpoint at which clients revoke what they have.
extension OpenAPIDocument {
    /// RFC 7009 section 2
    var revocationPath: String {
        let headers = ["RequestID", "NoStore", "NoCache"]
        return #"""
            {
              "post": {
                "operationId": "revokeTokens",
                "tags": ["tokens"],
                "summary": "Revoke what the client has got up to now.",
                "description": "Everything that the client got before is revoked, if `token` is one of its tokens. The rules \#
            for the form are those of the token endpoint.",
                "security": [{"client_secret_basic": []}, {}],
                "requestBody": \#(Self.formWithToken),
                "responses": {
                  "200": {
                    "description": "It is revoked, or it needed no revocation.",
                    "headers": \#(Self.headers(headers))
                  },
                  \#(Self.refusals(of: .revocation, headers: headers))
                }
              }
            }
            """#
    }

    /// draft-ietf-oauth-status-list section 8
    var statusListPath: String {
        let headers = Self.headers(["RequestID", "ETag", "ListCacheControl", "AccessControlAllowOrigin"])
        let refusedHeaders = ["RequestID", "NoStore", "AccessControlAllowOrigin"]
        let refused = Self.headers(refusedHeaders)
        let content = #"""
            {"application/statuslist+jwt": {"schema": {"type": "string", "pattern": "^eyJ[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+){2}$"}}}
            """#
        return #"""
            {
              "parameters": [
                {"$ref": "#/components/parameters/IfNoneMatch"},
                {
                  "name": "second", "in": "path", "required": true, "schema": {"type": "string"},
                  "description": "What tokens name the list by: seconds since 1970. For anything else there is no list."
                }
              ],
              "get": {
                "operationId": "getStatusList",
                "tags": ["documents"],
                "summary": "A status list: which tokens are revoked.",
                "responses": {
                  "200": {"description": "The list.", "headers": \#(headers), "content": \#(content)},
                  "304": {"description": "The client has the current list.", "headers": \#(headers)},
                  \#(Self.refusals([.notFound, .anotherTimeOfList, .overloaded], headers: refusedHeaders))
                }
              },
              "head": {
                "tags": ["documents"],
                "summary": "The fields that GET answers with.",
                "responses": {
                  "200": {"description": "The list.", "headers": \#(headers)},
                  "304": {"description": "The client has the current list.", "headers": \#(headers)},
                  "404": {"description": "As for GET.", "headers": \#(refused)},
                  "501": {"description": "As for GET.", "headers": \#(refused)},
                  "503": {"description": "As for GET.", "headers": \#(refused)}
                }
              },
              "options": \#(Self.preflight)
            }
            """#
    }

    /// draft-ietf-oauth-status-list section 9.3
    var statusListsPath: String {
        let headers = Self.headers(["RequestID", "ETag", "ListCacheControl", "AccessControlAllowOrigin"])
        let schema = #"""
            {
              "type": "object", "required": ["status_lists"], "additionalProperties": false,
              "properties": {"status_lists": {"type": "array", "items": {"type": "string", "format": "uri"}}}
            }
            """#
        return #"""
            {
              "get": {
                "operationId": "getStatusLists",
                "tags": ["documents"],
                "summary": "The status lists that tokens may name now.",
                "responses": {
                  "200": {
                    "description": "Their URLs.", "headers": \#(headers),
                    "content": {"application/json": {"schema": \#(schema)}}
                  }
                }
              },
              "head": {
                "tags": ["documents"],
                "summary": "The fields that GET answers with.",
                "responses": {"200": {"description": "Their URLs.", "headers": \#(headers)}}
              },
              "options": \#(Self.preflight)
            }
            """#
    }
}
