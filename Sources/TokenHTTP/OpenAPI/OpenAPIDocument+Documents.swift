import AccessToken
import JOSE
import OAuth
import ServiceFiles

extension OpenAPIDocument {
    /// RFC 7517 section 5
    static var keySet: JSONLiteral {
        let kinds: [JSONLiteral] = [
            key("RSA", [("n", integer), ("e", integer)], algorithms: [.rs256, .ps256]),
            key("EC", [("crv", ["const": "P-256"]), ("x", coordinate), ("y", coordinate)], algorithms: [.es256]),
            key("OKP", [("crv", ["const": "Ed25519"]), ("x", coordinate)], algorithms: [.edDSA]),
        ]
        return [
            "type": "object",
            "required": ["keys"],
            "properties": ["keys": ["type": "array", "minItems": 1, "items": ["oneOf": .array(kinds)]]],
            "additionalProperties": false,
        ]
    }

    private static let integer: JSONLiteral = ["type": "string", "pattern": "^[A-Za-z0-9_-]+$"]

    /// 32 octets
    private static let coordinate: JSONLiteral = ["type": "string", "pattern": "^[A-Za-z0-9_-]{43}$"]

    private static func key(
        _ type: String, _ members: [Member], algorithms: [SignatureAlgorithm]
    ) -> JSONLiteral {
        let common: [Member] = [
            ("use", ["const": "sig"]),
            ("kid", ["type": "string"]),
            ("alg", ["enum": .strings(algorithms.map(\.name))]),
        ]
        return [
            "type": "object",
            "required": .strings(["kty"] + members.map(\.0) + ["use", "kid"]),
            "properties": .object([("kty", ["const": .string(type)])] + members + common),
            "additionalProperties": false,
        ]
    }

    /// RFC 8414 section 2
    var metadata: JSONLiteral {
        let origin = configuration.issuer.origin
        let methods = JSONLiteral.strings(TokenEndpointAuthenticationMethod.allCases.map(\.rawValue))
        let algorithms = JSONLiteral.strings(IssuancePolicy.algorithms.map(\.name))
        let members: [Member] = [
            ("issuer", .string(configuration.issuer.description)),
            ("token_endpoint", .string(origin + configuration.endpoints.token)),
            ("jwks_uri", .string(origin + configuration.endpoints.keySet)),
            ("grant_types_supported", .strings(GrantType.allCases.map(\.rawValue))),
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
            "required": .strings(members.map(\.0)),
            "properties": .object(members.map { ($0.0, ["const": $0.1]) }),
            "additionalProperties": false,
        ]
    }
}
