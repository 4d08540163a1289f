import AccessToken
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

/// `client_assertion`, in `writ.yaml` and in `clients.yaml`.
@Suite struct AssertionSettingsTests {
    private static let hash = "sha256:K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols"

    private func configuration(_ text: String, _ environment: [String: String] = [:]) throws -> ServiceConfiguration {
        let folder = try TemporaryFolder()
        try folder.write("issuer: http://localhost\n\(text)\n", to: "writ.yaml")
        return try ServiceConfiguration(reading: FilePath(folder.path("writ.yaml")), environment: environment)
    }

    private func messages(_ body: () throws -> Void) -> [String] {
        do { try body() } catch let error as InvalidConfiguration { return error.problems.map(\.message) } catch {}
        return []
    }

    @Test(
        "client_assertion: five minutes and single use unless it says otherwise",
        arguments: [
            ("", 300, true), ("client_assertion: {longest_lifetime: 1h}", 3600, true),
            ("client_assertion: {longest_lifetime: 30s, single_use: on}", 30, true),
            ("client_assertion: {single_use: false}", 300, false), ("client_assertion: {audience: issuer}", 300, true),
        ] as [(String, Int64, Bool)])
    func settings(text: String, seconds: Int64, isSingleUse: Bool) throws {
        let configuration = try configuration(text)
        #expect(
            configuration.assertionRules
                == AssertionRules(longestLifetime: .seconds(seconds), isSingleUse: isSingleUse))
        let warnings = configuration.warnings.map(\.message).filter { $0.hasPrefix("client_assertion.single_use") }
        #expect(warnings.count == (isSingleUse ? 0 : 1))
    }

    @Test("client_assertion can be set by variables")
    func variables() throws {
        let environment = [
            "WRIT_CLIENT_ASSERTION_LONGEST_LIFETIME": "10m", "WRIT_CLIENT_ASSERTION_SINGLE_USE": "off",
        ]
        #expect(
            try configuration("", environment).assertionRules
                == AssertionRules(longestLifetime: .seconds(600), isSingleUse: false))
    }

    @Test(
        "client_assertion with a lifetime that is too short or too long, or with another word, is refused",
        arguments: [
            ("longest_lifetime: 29s", "client_assertion.longest_lifetime is not between 30s and 1h"),
            ("longest_lifetime: 61m", "client_assertion.longest_lifetime is not between 30s and 1h"),
            ("single_use: once", "client_assertion.single_use is neither on nor off"),
        ])
    func refused(text: String, message: String) throws {
        #expect(messages { _ = try configuration("client_assertion: { \(text) }") } == [message])
    }

    @Test("The introspection endpoint accepts its own URL as aud, unless the issuer alone is an audience")
    func audiences() throws {
        let url = "http://localhost/oauth2/introspect"
        let either = try configuration("").assertionAudiences(at: url)
        #expect(either == ["http://localhost", "http://localhost/oauth2/token", url])
        #expect(
            try configuration("client_assertion: {audience: issuer}").assertionAudiences(at: url)
                == ["http://localhost"])
    }

    private func client(_ members: String, keys: String = "jwks_uri: https://keys.example.com/jwks") throws
        -> ClientAssertionRules?
    {
        let text = "clients:\n  - client_id: job\n    \(keys)\n    \(members)\n"
        return try ClientsFile(parsing: YAMLText(path: "clients.yaml", text: text)).read().checked()
            .first?.assertionRules
    }

    @Test(
        "client_assertion of a client: what it does not set is the service's",
        arguments: [
            ("scope: a", nil, nil), ("client_assertion: { longest_lifetime: 1h, single_use: false }", 3600, false),
            ("client_assertion: {single_use: on}", nil, true), ("client_assertion: {longest_lifetime: 10m}", 600, nil),
            ("client_assertion: {}", nil, nil),
        ] as [(String, Int64?, Bool?)])
    func clients(members: String, seconds: Int64?, isSingleUse: Bool?) throws {
        #expect(
            try client(members)
                == ClientAssertionRules(longestLifetime: seconds.map { .seconds($0) }, isSingleUse: isSingleUse))
    }

    @Test(
        "client_assertion of a client: a mistake is refused with the name of the member",
        arguments: [
            ("client_assertion: 1h", "client_assertion is not a mapping"),
            ("client_assertion: {longest_lifetime: 2h}", "client_assertion longest_lifetime is not between 30s and 1h"),
            ("client_assertion: {single_use: maybe}", "client_assertion single_use is neither on nor off"),
            ("client_assertion: {longest_lifetimes: 1h}", "client_assertion has an unknown key longest_lifetimes"),
            ("client_assertion: {single_use: [on]}", "client_assertion single_use is neither on nor off"),
            ("client_assertions: {single_use: on}", "unknown key client_assertions"),
        ])
    func refusedOfAClient(members: String, message: String) throws {
        #expect(messages { _ = try client(members) } == [message])
    }

    @Test("client_assertion of a client without keys is refused")
    func withoutKeys() throws {
        let messages = messages {
            _ = try client("client_assertion: {single_use: off}", keys: "client_secrets: [{hash: \"\(Self.hash)\"}]")
        }
        #expect(messages == ["client_assertion needs jwks or jwks_uri"])
    }

    @Test("A client whose assertions may be used again is a warning")
    func warning() throws {
        func warnings(_ member: String) throws -> [String] {
            let text = "clients:\n  - client_id: job\n    jwks_uri: https://keys.example.com/jwks\n    \(member)\n"
            return try ClientsFile(parsing: YAMLText(path: "clients.yaml", text: text)).read().warnings.map(\.message)
        }
        #expect(
            try warnings("client_assertion: {single_use: off}") == [
                "client job has client_assertion.single_use off: an assertion that is stolen can be used until it expires"
            ])
        #expect(try warnings("client_assertion: {single_use: on}").isEmpty)
    }
}
