import JOSE
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

/// `metadata` and `authorization_endpoint` of the configuration.
@Suite struct MetadataSettingsTests {
    private func read(_ text: String, environment: [String: String] = [:]) throws -> ServiceConfiguration {
        let folder = try TemporaryFolder()
        try folder.write("issuer: https://a.example/t\ntls: terminated-upstream\n" + text, to: "writ.yaml")
        return try ServiceConfiguration(reading: FilePath(folder.path("writ.yaml")), environment: environment)
    }

    private func problems(_ text: String, environment: [String: String] = [:]) -> [String] {
        do {
            _ = try read(text, environment: environment)
            return []
        } catch let error as InvalidConfiguration {
            return error.problems.map { "\($0.place.line.map(String.init) ?? "\($0.place)"): \($0.message)" }
        } catch {
            return ["\(error)"]
        }
    }

    @Test("Members of metadata are JSON values by the core schema of YAML")
    func readsMembers() throws {
        let configuration = try read(
            """
            metadata:
              scopes_supported: [site.read, "007"]
              x: { n: 7, b: true, t: "true", none: null }
              service_documentation: https://e.example/docs

            """)
        var writer = JSONWriter()
        writer.value(.object(configuration.metadata.additional))
        #expect(
            String(decoding: writer.bytes, as: UTF8.self)
                == #"{"scopes_supported":["site.read","007"],"x":{"n":7,"b":true,"t":"true","none":null},"#
                + #""service_documentation":"https://e.example/docs"}"#)
        #expect(try read("").metadata.additional == JSONObject())
    }

    @Test("WRIT_METADATA is a JSON object, and overrides the file")
    func readsTheVariable() throws {
        let environment = ["WRIT_METADATA": #"{"scopes_supported": ["b"]}"#]
        let members = try read("metadata: { scopes_supported: [a], x: 1 }\n", environment: environment).metadata
            .additional
        #expect(members == JSONObject([.init("scopes_supported", .array([.string("b")]))]))
        #expect(
            problems("", environment: ["WRIT_METADATA": "[1]"])
                == ["WRIT_METADATA: metadata is not a JSON object with unique names"])
        #expect(
            problems("", environment: ["WRIT_METADATA": #"{"issuer": "https://b"}"#])
                == ["WRIT_METADATA: metadata has issuer, which is one of the service's own members"])
    }

    @Test(
        "A member of metadata that cannot be published is a problem that names it",
        arguments: [
            (
                "metadata: { token_endpoint: https://b }\n",
                "metadata has token_endpoint, which is one of the service's own members"
            ),
            (
                "metadata: { subject_types_supported: [pairwise] }\n",
                "metadata has subject_types_supported, which is one of the service's own members"
            ),
            (
                "authorization_endpoint: refuse\nmetadata: { authorization_endpoint: https://b }\n",
                "metadata has authorization_endpoint, which is one of the service's own members"
            ),
            ("metadata: { authorization_endpoint: https://b }\n", nil),
            (
                "metadata: { scopes_supported: [] }\n",
                "metadata has scopes_supported, which is an empty list; RFC 8414 section 3.2 leaves such a member out"
            ),
            (
                "metadata: [a]\n", "metadata is not a mapping"
            ),
            (
                "metadata: { n: 12345678901234567890 }\n",
                "metadata has a number of more than 64 bits, which JSON readers would round"
            ),
            (
                "authorization_endpoint: https://b\n",
                "authorization_endpoint is not refuse; an endpoint elsewhere is a member of metadata"
            ),
            (
                "authorization_endpoint: refuse\ntoken_path: /t/oauth2/authorize\n",
                "token_path is the path of the authorization endpoint"
            ), ("token_path: /t/oauth2/authorize\n", nil),
        ] as [(String, String?)])
    func refuses(text: String, message: String?) {
        #expect(
            problems(text).compactMap { $0.split(separator: ": ", maxSplits: 1).last.map(String.init) }
                == (message.map { [$0] } ?? []))
    }

    @Test("authorization_endpoint: refuse publishes a path of the issuer")
    func refusesAuthorization() throws {
        #expect(try read("authorization_endpoint: refuse\n").endpoints.authorization == "/t/oauth2/authorize")
        #expect(try read("").endpoints.authorization == nil)
        // Each configuration has a folder of its own, and so other paths.
        let changed = try read("").changesNeedingRestart(read("authorization_endpoint: refuse\nmetadata: { x: 1 }\n"))
        let others = changed.filter { !["keys", "clients", "issuers"].contains($0) }
        #expect(others == ["authorization_endpoint", "metadata"])
    }
}
