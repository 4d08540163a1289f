import AccessToken
import Foundation
import JOSE
import Libcrypto
import OAuth
import ServiceFiles
import SystemPackage
import Testing
import TestSupport

@testable import TokenHTTP

/// The service's OpenAPI document. Tests/Interop/test_openapi.py tests whether it is true.
@Suite struct OpenAPITests {
    private static let file = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Documentation/openapi.json").standardizedFileURL

    private func document(_ settings: String = "issuer: https://tokens.example.com\n") throws -> OpenAPIDocument {
        let folder = try TemporaryFolder()
        try folder.write(settings, to: "writ.yaml")
        return OpenAPIDocument(
            configuration: try ServiceConfiguration(
                reading: FilePath(folder.path("writ.yaml")), environment: ["WRIT_TLS": "terminated-upstream"]))
    }

    private func operations(of document: OpenAPIDocument) throws -> [(path: String, methods: [String])] {
        let paths = try #require(JSONReader.read(document.json).object?["paths"]?.object)
        let methods: Set = ["get", "head", "post"]
        return paths.members.map { path in
            (path.name, path.value.object?.members.map(\.name).filter(methods.contains) ?? [])
        }
    }

    @Test("Documentation/openapi.json is the document of the standard configuration")
    func isTheOneInDocumentation() throws {
        // The reader rejects duplicate names.
        let text = indented(try JSONReader.read(document().json)) + "\n"
        if ProcessInfo.processInfo.environment["WRITE_OPENAPI"] != nil { try Data(text.utf8).write(to: Self.file) }
        let written = String(decoding: try TestVectors.octets(of: Self.file), as: UTF8.self)
        #expect(written == text, "WRITE_OPENAPI=1 swift test --filter OpenAPITests writes it anew")
    }

    @Test("The document has the paths of the configuration")
    func hasThePathsOfTheConfiguration() throws {
        let document = try document(
            "issuer: https://example.com/tenant\ntoken_path: /index.php\nmanagement: '0.0.0.0:9'\n")
        let operations = try operations(of: document)
        #expect(
            operations.filter { $0.methods == ["post"] }.map(\.path) == ["/index.php", "/tenant/oauth2/introspect"])
        #expect(
            operations.filter { $0.methods == ["get", "head"] }.map(\.path) == [
                "/tenant/oauth2/status-lists",
                "/tenant/oauth2/status-lists/{second}",
                "/tenant/.well-known/jwks.json",
                "/.well-known/jwks.json",
                "/.well-known/oauth-authorization-server",
                "/.well-known/oauth-authorization-server/tenant",
                "/tenant/.well-known/oauth-authorization-server",
                "/.well-known/openid-configuration",
                "/.well-known/openid-configuration/tenant",
                "/tenant/.well-known/openid-configuration",
                "/healthz", "/readyz", "/metrics", "/clients/last-used", "/openapi.json",
            ])
        let text = String(decoding: document.json, as: UTF8.self)
        #expect(text.contains(#""servers": [{"url": "https://example.com","#))
        #expect(text.contains(#""default": "127.0.0.1:9""#))
    }

    @Test("The console is described if it is on")
    func describesTheConsole() throws {
        let paths = try operations(of: document("issuer: https://example.com\nconsole: on\n")).map(\.path)
        #expect(paths.suffix(3) == ["/console", "/console/state.json", "/console/events"])
    }

    @Test("Each path is described once", arguments: ["management: off\n", "token_path: /metrics\n"])
    func hasRoomForOneOfEachPath(_ settings: String) throws {
        let paths = try operations(of: document("issuer: https://example.com\n" + settings)).map(\.path)
        #expect(Set(paths).count == paths.count)
        #expect(paths.contains("/healthz") != (settings == "management: off\n"))
    }

    @Test("The document contains every refusal of the endpoints")
    func hasEachRefusal() throws {
        let settings = "issuer: https://tokens.example.com\nauthorization_endpoint: refuse\n"
        var document = try document(settings)
        document.use.offersRevocation = true
        let text = String(decoding: document.json, as: UTF8.self)
        for error in TokenRefusal.Code.allCases where !error.isOfAnyPath {
            let refusal = String(decoding: error.json, as: UTF8.self)
            #expect(text.contains(#""\#(error)":{"value":\#(refusal)}"#))
            #expect(text.contains("\"\(error.status)\": {\n  \"description\": "))
        }
    }

    @Test("The document describes the metadata as the service publishes it")
    func saysOfMetadataWhatIsInIt() throws {
        let document = try document(
            "issuer: https://example.com/tenant\naccess_token: { algorithm: ES256 }\nauthorization_endpoint: refuse\n"
                + "metadata: { scopes_supported: [site.read] }\n")
        let metadata = document.configuration.metadata
        let schemas = try JSONReader.read(document.json).object?["components"]?.object?["schemas"]?.object
        for (schema, published) in [
            ("Metadata", metadata.authorizationServer), ("OpenIDMetadata", metadata.openIDProvider),
        ] {
            let members = try #require(try JSONReader.read(published.json).object).members
            let described = try #require(schemas?[schema]?.object?["properties"]?.object).members
            #expect(described.map(\.name) == members.map(\.name))
            #expect(described.map { $0.value.object?["const"] } == members.map(\.value))
        }
        let paths = try operations(of: document)
        #expect(paths.first { $0.path == "/tenant/oauth2/authorize" }?.methods == ["get", "head", "post"])
    }

    @Test("The document describes the published keys of each algorithm", arguments: SignatureAlgorithm.offered)
    func describesKeys(algorithm: SignatureAlgorithm) throws {
        var writer = JSONWriter()
        JWK(try algorithm.makeKey().publicKey, keyID: "k", algorithm: algorithm).write(to: &writer)
        let key = try #require(try JSONReader.read(writer.bytes).object)
        let description = try JSONReader.read(Array("{\(OpenAPIDocument.keySetSchema)}".utf8)).object?["KeySet"]
        let items = description?.object?["properties"]?.object?["keys"]?.object?["items"]?.object
        let kinds = try #require(items?["oneOf"]?.array).compactMap { $0.object?["properties"]?.object }
        let kind = try #require(
            kinds.first { kind in
                ["kty", "crv"].allSatisfy { kind[$0]?.object?["const"] == key[$0] }
            })
        #expect(Set(kind.members.map(\.name)) == Set(key.members.map(\.name)))
        #expect(kind["alg"]?.object?["enum"]?.array?.contains(.string(algorithm.name)) == true)
        for name in ["n", "e", "x", "y"] {
            guard let number = key[name]?.string, let pattern = kind[name]?.object?["pattern"]?.string else { continue }
            #expect(try Regex(pattern).wholeMatch(in: number) != nil)
        }
    }

    @Test("Every reference in the document has a target")
    func refersToWhatIsThere() throws {
        let document = try JSONReader.read(document().json)
        var references: Set<String> = []
        collect(&references, in: document)
        #expect(references.count > 20)
        for reference in references {
            let names = reference.split(separator: "/").dropFirst()
            let target = names.reduce(Optional(document)) { value, name in value?.object?[String(name)] }
            #expect(target != nil, "\(reference)")
        }
    }

    private func collect(_ references: inout Set<String>, in value: JSONValue) {
        for element in value.array ?? [] { collect(&references, in: element) }
        for member in value.object?.members ?? [] {
            if member.name == "$ref", let text = member.value.string { references.insert(text) }
            collect(&references, in: member.value)
        }
    }

    /// The value on several lines, so that a diff shows each change. A value that fits is on one line.
    private func indented(_ value: JSONValue, by depth: Int = 0) -> String {
        let (opening, parts, closing) = parts(of: value) { indented($0, by: depth + 1) }
        let line = inLine(value)
        guard line.count > 80, !parts.isEmpty else { return line }
        let blanks = String(repeating: "  ", count: depth)
        return opening + "\n" + parts.map { "\(blanks)  \($0)" }.joined(separator: ",\n") + "\n\(blanks)" + closing
    }

    private func inLine(_ value: JSONValue) -> String {
        let (opening, parts, closing) = parts(of: value, inLine)
        return opening + parts.joined(separator: ", ") + closing
    }

    /// The parts of an array or object; any other value is an opening without parts.
    private func parts(
        of value: JSONValue, _ text: (JSONValue) -> String
    ) -> (opening: String, parts: [String], closing: String) {
        if let object = value.object {
            return ("{", object.members.map { "\(inLine(.string($0.name))): \(text($0.value))" }, "}")
        }
        if let array = value.array { return ("[", array.map(text), "]") }
        var writer = JSONWriter()
        writer.value(value)
        return (String(decoding: writer.bytes, as: UTF8.self), [], "")
    }
}
