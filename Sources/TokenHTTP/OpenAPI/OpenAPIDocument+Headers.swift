import JOSE
import OAuth

extension OpenAPIDocument {
    /// Fields of answers, by the names that the document has for them.
    private static let fields: [(component: String, field: String, description: String, schema: JSONLiteral)] = [
        (
            "RequestID", "X-Request-Id", "What the log calls the request by.",
            ["type": "string", "pattern": "^[0-9a-f]{1,16}$"]
        ),
        ("NoStore", "Cache-Control", "For one client alone.", ["const": "no-store"]),
        ("NoCache", "Pragma", "For caches of HTTP/1.0.", ["const": "no-cache"]),
        ("Vary", "Vary", "What the answer depends on besides the path.", ["const": "Accept"]),
        (
            "WWWAuthenticate", "WWW-Authenticate", "RFC 9110 section 11.6.1",
            ["const": "Basic realm=\"writ\", charset=\"UTF-8\""]
        ),
        ("RetryAfter", "Retry-After", "Seconds until another attempt makes sense.", ["type": "integer", "minimum": 1]),
        ("Allow", "Allow", "The methods that the path has.", ["enum": ["POST", "GET, HEAD"]]),
        ("ETag", "ETag", "A strong entity tag.", ["type": "string", "pattern": "^\"[A-Za-z0-9_-]{22}\"$"]),
        (
            "DocumentCacheControl", "Cache-Control", "How long anybody may keep it.",
            ["const": .string(documentLifetime)]
        ),
        (
            "AccessControlAllowOrigin", "Access-Control-Allow-Origin", "Pages of all origins may read it.",
            ["const": "*"]
        ),
    ]

    private static let documentLifetime = "public, max-age=\(KeyTiming.standard.keySetMaximumAge.components.seconds)"

    static var headers: JSONLiteral {
        .object(
            fields.map { field in
                let header: JSONLiteral = [
                    "description": .string(field.description), "required": true, "schema": field.schema,
                ]
                return (field.component, header)
            })
    }

    /// Of an answer that has these.
    static func headers(_ components: String...) -> JSONLiteral { headers(components) }

    static func headers(_ components: [String]) -> JSONLiteral {
        .object(
            fields.filter { components.contains($0.component) }
                .map { ($0.field, reference("headers", $0.component)) })
    }
}
