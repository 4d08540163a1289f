import AccessToken
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

@Suite struct TrustedProxySettingsTests {
    private static let hint = "trusted_proxies: { from: [10.0.0.0/8], field: x-forwarded-for }"
    private static let namesNoField = "names no field: x-forwarded-for is believed, and forwarded is ignored"

    /// A configuration whose issuer is http, with the lines in `text`.
    private func read(_ text: String, environment: [String: String] = [:]) throws -> ServiceConfiguration {
        try configuration("issuer: http://localhost:8080\n\(text)\n", environment)
    }

    private func configuration(_ text: String, _ environment: [String: String] = [:]) throws -> ServiceConfiguration {
        let folder = try TemporaryFolder()
        try folder.write(text, to: "writ.yaml")
        return try ServiceConfiguration(reading: FilePath(folder.path("writ.yaml")), environment: environment)
    }

    /// Line, message and hint of each warning or problem.
    private func texts(_ problems: [Problem]) -> [String] {
        problems.map { problem in
            let place = problem.place.line.map { "\($0)" } ?? problem.place.description
            return "\(place): \(problem.message)\(problem.hint.map { " (\($0))" } ?? "")"
        }
    }

    @Test(
        "trusted_proxies names the addresses of the proxies and the field that they set",
        arguments: [
            (
                "trusted_proxies: { from: [10.0.0.0/8, \"fd00::/8\"], field: x-forwarded-for }",
                ForwardingField.forwardedFor
            ),
            ("trusted_proxies:\n  field: forwarded\n  from: 10.0.0.0/8, fd00::/8", .forwarded),
            ("trusted_proxies: { from: [10.0.0.0/8, \"fd00::/8\"], field: X-Forwarded-For }", .forwardedFor),
        ])
    func section(text: String, field: ForwardingField) throws {
        let configuration = try read(text)
        let networks = [try IPNetwork("10.0.0.0/8"), try IPNetwork("fd00::/8")]
        #expect(configuration.trustedProxies == TrustedProxySettings(networks: networks, field: field))
        #expect(configuration.warnings.isEmpty)
    }

    @Test(
        "Without a field x-forwarded-for alone is believed, and a warning says so",
        arguments: [
            ("trusted_proxies: [10.0.0.0/8]", "trusted_proxies"), ("trusted_proxies: 10.0.0.0/8", "trusted_proxies"),
            ("trusted_proxies: { from: [10.0.0.0/8] }", "trusted_proxies.from"),
        ])
    func list(text: String, name: String) throws {
        let configuration = try read(text)
        #expect(configuration.trustedProxies == TrustedProxySettings(networks: [try IPNetwork("10.0.0.0/8")]))
        #expect(
            texts(configuration.warnings) == ["2: \(name) \(Self.namesNoField) (\(Self.hint), or field: forwarded)"])
    }

    @Test("Each setting has its environment variable, and the later layer wins")
    func environment() throws {
        let networks = [try IPNetwork("192.0.2.1")]
        let list = try read("", environment: ["WRIT_TRUSTED_PROXIES": "192.0.2.1"])
        #expect(list.trustedProxies == TrustedProxySettings(networks: networks))
        #expect(list.warnings.map(\.place) == [.environment("WRIT_TRUSTED_PROXIES")])
        let section = "trusted_proxies: { from: [10.0.0.0/8], field: forwarded }"
        for name in ["WRIT_TRUSTED_PROXIES", "WRIT_TRUSTED_PROXIES_FROM"] {
            for text in ["trusted_proxies: [10.0.0.0/8]", section, "", "trusted_proxies: { from: 10.0.0.0/8 }"] {
                let read = try read(text, environment: [name: "192.0.2.1", "WRIT_TRUSTED_PROXIES_FIELD": "forwarded"])
                #expect(read.trustedProxies == TrustedProxySettings(networks: networks, field: .forwarded))
                #expect(read.warnings.isEmpty)
            }
        }
        let field = try read(section, environment: ["WRIT_TRUSTED_PROXIES_FIELD": "x-forwarded-for"])
        #expect(field.trustedProxies.field == .forwardedFor)
    }

    @Test(
        "terminated-upstream without trusted_proxies is a warning with a hint",
        arguments: ["", "trusted_proxies: []\n", "trusted_proxies: { from: [], field: forwarded }\n"])
    func upstream(proxies: String) throws {
        let text = "issuer: https://tokens.example.com\ntls: terminated-upstream\n\(proxies)"
        let configuration = try configuration(text)
        #expect(configuration.trustedProxies.networks.isEmpty)
        #expect(
            texts(configuration.warnings) == [
                "2: tls is terminated-upstream without trusted_proxies: all clients have the proxy's address "
                    + "(\(Self.hint), with the addresses of the proxies and the field that they set)"
            ])
        let complete = text + "trusted_proxies: { from: 10.0.0.0/8, field: forwarded }\n"
        if proxies.isEmpty { #expect(try self.configuration(complete).warnings.isEmpty) }
    }

    @Test("Without a proxy there is no warning")
    func withoutProxies() throws {
        #expect(try read("").warnings.isEmpty)
        #expect(try read("").trustedProxies == .none)
        let tls = "issuer: https://tokens.example.com\ntls: { certificate: a, private_key: b }\n"
        #expect(try configuration(tls).warnings.isEmpty)
    }

    @Test(
        "A mistake in trusted_proxies is reported with its line",
        arguments: [
            (
                "trusted_proxies: { from: [10.0.0.0/8], field: x-real-ip }",
                "field is neither x-forwarded-for nor forwarded"
            ),
            (
                "trusted_proxies: { from: [10.0.0.0/8], field: [forwarded, x-forwarded-for] }",
                "field is not a single value"
            ),
            ("trusted_proxies: { field: forwarded }", "field comes without trusted_proxies.from"),
            (
                "trusted_proxies: { from: [10.0.0.1/8] }",
                "from has bits set after its prefix: 10.0.0.0/8, not 10.0.0.1/8"
            ),
            ("trusted_proxies: { from: ['10.0.0.0\u{600}/8'] }", "from is not an address block such as 10.0.0.0/8"),
        ])
    func mistakes(text: String, message: String) throws {
        let error = #expect(throws: InvalidConfiguration.self) { try read(text) }
        #expect(texts(error?.problems ?? []) == ["2: trusted_proxies.\(message)"])
    }

    @Test("Both forms at once in the environment are refused")
    func bothForms() throws {
        let environment = ["WRIT_TRUSTED_PROXIES": "10.0.0.1", "WRIT_TRUSTED_PROXIES_FROM": "10.0.0.2"]
        let error = #expect(throws: InvalidConfiguration.self) { try read("", environment: environment) }
        #expect(
            texts(error?.problems ?? []) == [
                "WRIT_TRUSTED_PROXIES: trusted_proxies is set together with trusted_proxies.from; only one of them is allowed"
            ])
    }
}
