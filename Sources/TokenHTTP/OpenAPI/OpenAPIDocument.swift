import AccessToken
import JOSE
import OAuth
import ServiceFiles

/// The service's description in OpenAPI 3.1: a template of JSON text. Paths, URLs and algorithms are those of the
/// configuration, so the document describes the very service that serves it.
struct OpenAPIDocument {
    let configuration: ServiceConfiguration
    /// What the metadata lists since clients and issuers make use of it.
    var use = ServerMetadata.Use.none

    /// The document as the service serves it.
    var json: [UInt8] { Array(text.utf8) }

    /// The issuer identifier as JSON.
    var issuer: String { Self.json(configuration.issuer.description) }

    private var text: String {
        #"""
        {
          "openapi": "3.1.1",
          "info": {
            "title": "Writ",
            "summary": "Access tokens for machines.",
            "description": "A stateless OAuth 2.0 token service. Refusals are those of RFC 6749 section 5.2, each with \#
        a fixed description. A method that a path does not have is refused as `MethodNotAllowed` describes, and an \#
        unknown path as `NotFound` describes. A message that is not HTTP gets 400 without a body, and the connection is \#
        closed.",
            "license": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
            "version": \#(Self.json(Release.version))
          },
          "servers": [{"url": \#(Self.json(configuration.issuer.origin)), "description": "Clients and resource servers."}],
          "tags": [
            {"name": "tokens", "description": "For clients, which authenticate."},
            {"name": "documents", "description": "Public and cacheable."},
            {"name": "management", "description": "For operators, on a listener of its own."}
          ],
          "paths": {\#(paths)},
          "components": {
            "securitySchemes": {
              "client_secret_basic": {
                "type": "http",
                "scheme": "basic",
                "description": "`client_secret_basic`, RFC 6749 section 2.3.1. The other methods are parameters of the \#
        form: `client_secret_post` is `client_id` with `client_secret`, and `private_key_jwt` is \#
        `client_assertion_type` with `client_assertion` (RFC 7523 section 2.2), and so is the token of a trusted issuer. \#
        `tls_client_auth` and `self_signed_tls_client_auth` are `client_id` alone, with the certificate of the TLS \#
        connection (RFC 8705). A request uses one method."
              }
            },
            "parameters": {
              "IfNoneMatch": {
                "name": "If-None-Match",
                "in": "header",
                "description": "Entity tags that the client has.",
                "schema": {"type": "string"},
                "example": "*"
              },
              "DPoP": {
                "name": "DPoP",
                "in": "header",
                "description": "A DPoP proof, RFC 9449 section 4.2: the access token is bound to its key. `htm` is POST, `htu` \#
        the URL of the token endpoint, `iat` at most \#(DPoPProof.tolerance.components.seconds) seconds away, and each `jti` \#
        is accepted once. Clients with `dpop_bound_access_tokens` must send one.",
                "schema": {"type": "string", "maxLength": \#(DPoPProof.maximumLength)}
              }
            },
            "headers": {
              "RequestID": {
                "description": "Identifies the request in the log.",
                "required": true,
                "schema": {"type": "string", "pattern": "^[0-9a-f]{1,16}$"}
              },
              "NoStore": {"description": "For one client alone.", "required": true, "schema": {"const": "no-store"}},
              "NoCache": {"description": "For caches of HTTP/1.0.", "required": true, "schema": {"const": "no-cache"}},
              "Vary": {
                "description": "What the answer depends on besides the path.",
                "required": true,
                "schema": {"const": "Accept"}
              },
              "DPoPNonce": {
                "description": "The nonce for the next DPoP proof, RFC 9449 section 8.2: in answers to requests with a proof, if \#
        the configuration asks for nonces.",
                "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"}
              },
              "WWWAuthenticate": {
                "description": "RFC 9110 section 11.6.1",
                "required": true,
                "schema": {"const": "Basic realm=\"writ\", charset=\"UTF-8\""}
              },
              "RetryAfter": {
                "description": "Seconds until the client should retry.",
                "required": true,
                "schema": {"type": "integer", "minimum": 1}
              },
              "Allow": {
                "description": "The methods that the path has.",
                "required": true,
                "schema": {"enum": ["POST", "GET, HEAD", "GET, HEAD, OPTIONS", "GET, HEAD, POST"]}
              },
              "ETag": {
                "description": "A strong entity tag.",
                "required": true,
                "schema": {"type": "string", "pattern": "^\"[A-Za-z0-9_-]{22}\"$"}
              },
              "DocumentCacheControl": {
                "description": "How long a cache may keep the document.",
                "required": true,
                "schema": {"const": "public, max-age=\#(KeyTiming.standard.keySetMaximumAge.components.seconds)"}
              },
              "ListCacheControl": {
                "description": "How long a cache may keep the list, in seconds.",
                "required": true,
                "schema": {"type": "string", "pattern": "^public, max-age=([1-9]|[12][0-9]|30)$"}
              },
              "AllowOfDocument": {
                "description": "The methods that the path has.",
                "required": true,
                "schema": {"const": "GET, HEAD, OPTIONS"}
              },
              "AccessControlAllowOrigin": {
                "description": "Pages of all origins may read the document.",
                "required": true,
                "schema": {"const": "*"}
              },
              "AccessControlAllowMethods": {
                "description": "The methods that these pages may use.",
                "required": true,
                "schema": {"const": "GET, HEAD"}
              },
              "AccessControlAllowHeaders": {
                "description": "The fields that these pages may send.",
                "required": true,
                "schema": {"const": "*"}
              },
              "AccessControlMaxAge": {
                "description": "How long a browser may cache the answer, in seconds.",
                "required": true,
                "schema": {"type": "integer", "minimum": 1}
              }
            },
            "responses": {\#(Self.refusalsOfAnyPath)},
            "schemas": {\#([tokenSchemas, introspectionSchemas, documentSchemas].joined(separator: ","))}
          }
        }
        """#
    }

    private var paths: String {
        let endpoints = configuration.endpoints
        let paths =
            [(endpoints.token, tokenPath), (endpoints.introspection, introspectionPath)]
            + (use.offersRevocation ? [(endpoints.revocation, revocationPath)] : [])
            + [(endpoints.statusLists, statusListsPath), (endpoints.statusLists + "/{second}", statusListPath)]
            + documentPaths(
                [endpoints.keySet, "/.well-known/jwks.json"], id: "getKeySet",
                summary: "The keys that verify access tokens, RFC 7517.", mediaType: "application/jwk-set+json",
                schema: "KeySet")
            + documentPaths(
                configuration.metadata.authorizationServer.paths, id: "getMetadata",
                summary: "The metadata of the authorization server, RFC 8414.", mediaType: "application/json",
                schema: "Metadata")
            + documentPaths(
                configuration.metadata.openIDProvider.paths, id: "getOpenIDMetadata",
                summary: "The same, with the members that OpenID Connect Discovery 1.0 requires.",
                mediaType: "application/json", schema: "OpenIDMetadata")
            + (endpoints.authorization.map { [($0, authorizationPath)] } ?? [])
            + managementPaths
        // If two paths are equal, the first one is described. (The management listener may have the same path as the
        // token endpoint, and the document can describe a path only once.)
        var described: Set<String> = []
        return paths.filter { described.insert($0.0).inserted }
            .map { "\(Self.json($0.0)): \($0.1)" }.joined(separator: ",\n")
    }

    private func documentPaths(
        _ paths: [String], id: String, summary: String, mediaType: String, schema: String
    ) -> [(String, String)] {
        paths.map { path in
            let text = documentPath(
                id: id, isFirst: path == paths.first, summary: summary, mediaType: mediaType, schema: schema)
            return (path, text)
        }
    }

    private var managementPaths: [(String, String)] {
        guard let address = configuration.management?.local else { return [] }
        let ok = #"{"const": "ok\n"}"#
        let document = #"""
            {
              "type": "object",
              "required": ["openapi", "info", "paths"],
              "properties": {"openapi": {"type": "string", "pattern": "^3\\.1\\."}}
            }
            """#
        return [
            (
                "/healthz",
                managementPath(address, summary: "Liveness.", [(200, "The process is alive.", "text/plain", ok)])
            ),
            (
                "/readyz",
                managementPath(
                    address, summary: "Readiness.",
                    [
                        (200, "The service is ready for requests.", "text/plain", ok),
                        (503, "The service is starting or stopping.", "text/plain", #"{"const": "not ready\n"}"#),
                    ])
            ),
            (
                "/metrics",
                managementPath(
                    address, summary: "Metrics for Prometheus.",
                    [(200, "The text format of Prometheus, version 0.0.4.", "text/plain", #"{"type": "string"}"#)])
            ),
            (ManagementRouter.lastUsesPath, lastUsesPath(address)),
            (
                "/openapi.json",
                managementPath(
                    address, summary: "This document.", [(200, "OpenAPI 3.1.", "application/json", document)])
            ),
        ] + (configuration.console ? consolePaths(address) : [])
    }

    /// The text of a JSON value.
    static func json(_ value: JSONValue) -> String {
        var writer = JSONWriter()
        writer.value(value)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    static func json(_ text: String) -> String { json(.string(text)) }

    static func json(_ texts: [String]) -> String { json(.array(texts.map(JSONValue.string))) }
}
