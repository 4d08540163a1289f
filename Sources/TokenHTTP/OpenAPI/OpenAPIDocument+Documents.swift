import AccessToken
import JOSE
import OAuth

extension OpenAPIDocument {
    /// RFC 7517 section 5
    static var keySet: JSONValue {
        let kinds: [JSONValue] = [
            key("RSA", [("n", integer), ("e", integer)], algorithms: [.rs256, .ps256]),
            key("EC", [("crv", ["const": "P-256"]), ("x", coordinate), ("y", coordinate)], algorithms: [.es256]),
            key("OKP", [("crv", ["const": "Ed25519"]), ("x", coordinate)], algorithms: [.edDSA]),
        ]
        return [
            "type": "object",
            "required": ["keys"],
            "properties": ["keys": ["type": "array", "minItems": .integer(1), "items": ["oneOf": .array(kinds)]]],
            "additionalProperties": false,
        ]
    }

    private static let integer: JSONValue = ["type": "string", "pattern": "^[A-Za-z0-9_-]+$"]

    /// 32 octets
    private static let coordinate: JSONValue = ["type": "string", "pattern": "^[A-Za-z0-9_-]{43}$"]

    private static func key(
        _ type: String, _ members: [(String, JSONValue)], algorithms: [SignatureAlgorithm]
    ) -> JSONValue {
        let common: [(String, JSONValue)] = [
            ("use", ["const": "sig"]),
            ("kid", ["type": "string"]),
            ("alg", ["enum": JSONValue(algorithms.map(\.name))]),
        ]
        return [
            "type": "object",
            "required": JSONValue(["kty"] + members.map(\.0) + ["use", "kid"]),
            "properties": JSONValue(members: [("kty", ["const": .string(type)])] + members + common),
            "additionalProperties": false,
        ]
    }

    /// RFC 8414 section 2
    var metadata: JSONValue {
        let origin = configuration.issuer.origin
        let methods = JSONValue(TokenEndpointAuthenticationMethod.allCases.map(\.rawValue))
        let algorithms = JSONValue(IssuancePolicy.algorithms.map(\.name))
        let members: [(String, JSONValue)] = [
            ("issuer", .string(configuration.issuer.description)),
            ("token_endpoint", .string(origin + configuration.endpoints.token)),
            ("jwks_uri", .string(origin + configuration.endpoints.keySet)),
            ("grant_types_supported", JSONValue(GrantType.allCases.map(\.rawValue))),
            ("token_endpoint_auth_methods_supported", methods),
            ("token_endpoint_auth_signing_alg_values_supported", algorithms),
            ("introspection_endpoint", .string(origin + configuration.endpoints.introspection)),
            ("introspection_endpoint_auth_methods_supported", methods),
            ("introspection_endpoint_auth_signing_alg_values_supported", algorithms),
            ("introspection_signing_alg_values_supported", [.string(configuration.algorithm.name)]),
            ("response_types_supported", ["none"]),
        ]
        return [
            "type": "object",
            "required": JSONValue(members.map(\.0)),
            "properties": JSONValue(members: members.map { ($0.0, ["const": $0.1]) }),
            "additionalProperties": false,
        ]
    }
}
