import AccessToken
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

/// A plain `null` or `~`, and nothing at all, are an absent member.
@Suite struct NullMembersTests {
    private static let hash = "sha256:K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols"
    private static let nulls = ["null", "Null", "NULL", "~", "", "!!null ''", "null   # for now"]

    private func reading(_ text: String) throws -> ClientsReading {
        try ClientsFile(parsing: YAMLText(path: "clients.yaml", text: text)).read()
    }

    @Test("A null member of a client is absent", arguments: nulls)
    func membersOfClients(null: String) throws {
        let names = [
            "client_name", "jwks", "jwks_uri", "token_endpoint_auth_method", "grant_types", "scope", "resources",
            "access_token_lifetime", "access_token_reuse", "requests_per_minute", "access_tokens_not_before",
            "refresh_tokens_not_before",
            "status_index", "introspect", "claims",
            "dpop_bound_access_tokens", "access_token_status_list",
        ]
        let members = names.map { "    \($0): \(null)\n" }.joined()
        let secret = "      - hash: \"\(Self.hash)\"\n        expires_at: \(null)\n"
        let text =
            "refresh_tokens_not_before: \(null)\nremoved: \(null)\nclients:\n  - client_id: a\n    client_secrets:\n\(secret)\(members)"
        let reading = try reading(text)
        #expect(reading.problems.isEmpty)
        let client = try #require(reading.clients.first)
        #expect(client.name == nil && client.scope == .empty && client.resources.isEmpty && client.keys == nil)
        #expect(client.grantTypes == [.clientCredentials] && client.notBefore == TokensNotBefore())
        #expect(client.secrets.map(\.expiresAt) == [nil])
    }

    @Test("A null member of a mapping in a client is absent", arguments: nulls)
    func nestedMembers(null: String) throws {
        func mapping(_ name: String, _ members: String...) -> String {
            "    \(name):\n" + members.map { "      \($0): \(null)\n" }.joined()
        }
        let shape = mapping("token_shape", "typ", "scope", "scope_claim")
        let rules = mapping("client_assertion", "single_use", "longest_lifetime")
        let keys = "    jwks_uri: https://keys.example.com/\n"
        let reading = try reading("clients:\n  - client_id: a\n\(keys)\(shape)\(rules)")
        #expect(reading.problems.isEmpty)
        let client = try #require(reading.clients.first)
        #expect(client.tokenShape == .standard && client.assertionRules == .none)
    }

    @Test("A client with a null identifier, a null secret or no value for its secrets is refused", arguments: nulls)
    func requiredMembers(null: String) throws {
        let secrets = "    client_secrets: [{hash: \"\(Self.hash)\"}]\n"
        #expect(
            try reading("clients:\n  - client_id: \(null)\n\(secrets)").problems.map(\.message) == [
                "client_id is missing"
            ])
        #expect(
            try reading("clients:\n  - client_id: a\n    client_secrets: \(null)\n").problems.map(\.message) == [
                "client_secrets is missing"
            ])
        #expect(
            try reading("clients:\n  - client_id: a\n    client_secrets:\n      - hash: \(null)\n").problems.map(
                \.message)
                == ["a secret: hash is missing"])
    }

    @Test("In a list null is no value, and text in quotation marks or with a tag is no null")
    func whatIsNoMember() throws {
        let lists = "    resources: [null]\n    grant_types: [~]\n"
        let text = "clients:\n  - client_id: \"null\"\n    client_name: !!str null\n    jwks_uri: https://a.example/k\n"
        #expect(try reading(text).clients.map(\.id.description) == ["null"])
        #expect(try reading(text).clients.first?.name == "null")
        #expect(
            try reading(text + lists).problems.map(\.message).sorted() == [
                "grant_types: an element is not text", "resources: an element is not text",
            ])
        #expect(try reading(text + "    scop: null\n").problems.map(\.message) == ["unknown key scop"])
    }

    @Test("A null setting or section of writ.yaml is absent", arguments: nulls)
    func settings(null: String) throws {
        let text = """
            issuer: https://a.example
            keys: \(null)
            clients: \(null)
            tls: \(null)
            access_token: \(null)
            trusted_proxies: \(null)
            listen: "null"

            """
        let layers = SettingLayers(file: try YAMLText(path: "writ.yaml", text: text), environment: [:], options: [:])
        #expect(layers.problems.isEmpty)
        #expect(SettingName.allCases.filter { layers[$0] != nil } == [.issuer, .listen])
        #expect(layers[.listen]?.text == "null")
        let nested = "access_token:\n  lifetime: \(null)\n"
        let inSection = SettingLayers(
            file: try YAMLText(path: "writ.yaml", text: nested), environment: [:], options: [:])
        #expect(inSection.problems.isEmpty && SettingName.allCases.allSatisfy { inSection[$0] == nil })
    }

    @Test(
        "A clients file without a value for clients is refused, with the way to say that there are none",
        arguments: nulls)
    func noClients(null: String) {
        let error = #expect(throws: InvalidConfiguration.self) { try reading("clients: \(null)\n") }
        #expect(error?.problems.map(\.message) == ["is not a clients file"])
        #expect(error?.problems.first?.hint == "write `clients: []` if there is none")
    }
}
