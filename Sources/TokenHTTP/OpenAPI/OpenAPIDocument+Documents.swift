import JOSE
import OAuth
import ServiceFiles

/// Schemas of the documents, and what several schemas share.
extension OpenAPIDocument {
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
        "Metadata": \#(Self.schema(of: configuration.metadata.documents(use)[0])),
        "OpenIDMetadata": \#(Self.schema(of: configuration.metadata.documents(use)[1])),
        "Scope": {
          "type": "string",
          "pattern": "^([!#-\\[\\]-~]+( [!#-\\[\\]-~]+)*)?$",
          "description": "Scope tokens with single spaces between them, RFC 6749 section 3.3.",
          "examples": ["site.read site.documentation"]
        },
        "Resources": {
          "description": "Resource servers, RFC 8707 section 2; may be repeated.",
          "type": "array",
          "items": {"$ref": "#/components/schemas/Resource"}
        },
        "Resource": {
          "description": "An absolute URI with a host or a path, and without a fragment.",
          "type": "string",
          "format": "uri",
          "pattern": "^[A-Za-z][A-Za-z0-9+.-]*:(//[^/?#][^#]*|/([^/#][^#]*)?|[^/?#][^#]*)$",
          "maxLength": 2048
        },
        "Audiences": {
          "description": "Resource servers, by URI as in `resource` or by a name that is no URI; may be repeated.",
          "type": "array",
          "items": {
            "anyOf": [
              {"$ref": "#/components/schemas/Resource"},
              {"description": "A name.", "type": "string", "pattern": "^[!-9;-~]+$", "maxLength": 2048}
            ]
          }
        },
        "Time": {"type": "integer", "description": "Seconds since 1970-01-01T00:00:00Z."}
        """#
    }

    /// The members of a metadata document as the service publishes it.
    private static func schema(of document: ServerMetadata.Document) -> String {
        let members = document.members.map { #"\#(json($0.name)): {"const": \#(json($0.value))}"# }
        return #"""
            {
              "type": "object",
              "required": \#(json(document.members.map(\.name))),
              "properties": {\#(members.joined(separator: ", "))},
              "additionalProperties": false
            }
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
}
