import AccessToken
import JOSE
import OAuth

extension OpenAPIDocument {
    /// RFC 7517 section 5
    static var keySet: JSONLiteral {
        var kinds: [SignatureKeyKind] = []
        for algorithm in SignatureAlgorithm.offered where !kinds.contains(algorithm.keyKind) {
            kinds.append(algorithm.keyKind)
        }
        return [
            "type": "object",
            "required": ["keys"],
            "properties": ["keys": ["type": "array", "minItems": 1, "items": ["oneOf": .array(kinds.map(key))]]],
            "additionalProperties": false,
        ]
    }

    private static func key(_ kind: SignatureKeyKind) -> JSONLiteral {
        let curve: [Member] = kind.curveName.map { [("crv", ["const": .string($0)])] } ?? []
        let numbers: [Member] = kind.numbers.map { number in
            let length = number.octets.map { "{\(Base64URL.encodedCount($0))}" } ?? "+"
            return (number.name, ["type": "string", "pattern": .string("^[A-Za-z0-9_-]\(length)$")])
        }
        let algorithms = SignatureAlgorithm.offered.filter { $0.keyKind == kind }
        let common: [Member] = [
            ("use", ["const": "sig"]),
            ("kid", ["type": "string"]),
            ("alg", ["enum": .strings(algorithms.map(\.name))]),
        ]
        return [
            "type": "object",
            "required": .strings(["kty"] + (curve + numbers).map(\.0) + ["use", "kid"]),
            "properties": .object([("kty", ["const": .string(kind.keyType)])] + curve + numbers + common),
            "additionalProperties": false,
        ]
    }

    /// RFC 8414 section 2
    var metadata: JSONLiteral {
        let origin = configuration.issuer.origin
        let methods = JSONLiteral.strings(TokenEndpointAuthenticationMethod.allCases.map(\.rawValue))
        let algorithms = JSONLiteral.strings(SignatureAlgorithm.offered.map(\.name))
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
