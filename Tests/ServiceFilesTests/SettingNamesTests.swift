import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

/// Names of settings and of variables, and where settings come from.
@Suite struct SettingNamesTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func read(
        _ text: String? = "issuer: http://localhost\n", environment: [String: String] = [:],
        options: ServiceConfiguration.Options = .init(), mayBeAbsent: Bool = false
    ) throws -> ServiceConfiguration {
        if let text { try folder.write(text, to: "writ.yaml") }
        let file = FilePath(folder.path("writ.yaml"))
        return try ServiceConfiguration(
            ConfigurationSource(file: file, mayBeAbsent: mayBeAbsent, environment: environment, options: options))
    }

    private func problems(_ text: String, environment: [String: String] = [:]) -> [String] {
        do {
            _ = try read(text, environment: environment)
            return []
        } catch let error as InvalidConfiguration {
            return error.problems.map { $0.message + ($0.hint.map { " (\($0))" } ?? "") }
        } catch {
            return ["\(error)"]
        }
    }

    @Test(
        "A variable within two edits of one that Writ reads is warned about, with that one and without its value",
        arguments: [
            ("WRIT_ACCESS_TOKEN_LIFTIME", "WRIT_ACCESS_TOKEN_LIFETIME"), ("WRIT_ISUER", "WRIT_ISSUER"),
            ("WRIT_CLIENT", "WRIT_CLIENTS"), ("WRIT_ACCESS_TOKEN__LIFETIME", "WRIT_ACCESS_TOKEN_LIFETIME"),
            ("WRIT_CONFIGG", "WRIT_CONFIG"), ("WRIT_Listen", "WRIT_LISTEN"), ("WRIT_LSITEN", "WRIT_LISTEN"),
        ])
    func misspeltVariables(name: String, meant: String) throws {
        let warnings = try read(environment: [name: "s3cret"]).warnings
        #expect(warnings.map(\.place) == [.environment(name)])
        #expect(warnings.map(\.hint) == ["did you mean \(meant)?"])
        #expect(warnings.allSatisfy { !$0.description.contains("s3cret") })
    }

    @Test(
        "Variables of other programs are not warned about",
        arguments: [
            "WRIT_PORT", "WRIT_SERVICE_HOST", "WRIT_SERVICE_PORT_HTTP", "WRIT_PORT_80_TCP_PROTO",
            "WRIT_MANAGEMENT_PORT",
            "WRIT_CONFIG", "WRIT_CLIENT_SECRET", "WRIT_", "WRIT", "LISTEN", "WRITE_LISTEN",
        ])
    func otherVariables(name: String) throws {
        #expect(try read(environment: [name: "x"]).warnings.isEmpty)
    }

    @Test(
        "A mistyped section is nearest to a section, and a setting without its section is named with it",
        arguments: [
            ("acces_token: { lifetime: 5m }", "unknown key acces_token (did you mean access_token?)"),
            ("access_tokens: { lifetime: 5m }", "unknown key access_tokens (did you mean access_token?)"),
            ("access_tokens: 5m", "unknown key access_tokens (did you mean access_token?)"),
            ("throtle: { failures: 3 }", "unknown key throtle (did you mean throttle?)"),
            ("limit: { memory: 64MiB }", "unknown key limit (did you mean limits?)"),
            ("idle_timeout: 75s", "unknown key idle_timeout (did you mean limits.idle_timeout?)"),
            ("limits: { memry: 64MiB }", "unknown key limits.memry (did you mean limits.memory?)"),
            ("lisen: 127.0.0.1:1", "unknown key lisen (did you mean listen?)"),
            ("zzzzzzzz: { a: b }", "unknown key zzzzzzzz"),
        ])
    func mistypedSections(line: String, problem: String) {
        #expect(problems("issuer: http://localhost\n\(line)\n") == [problem])
    }

    @Test(
        "An address that does not say which addresses is refused with those that do",
        arguments: [
            "*:8080", ":8080", "0:8080", "00:8080", "0x0:8080", "127.1:8080", "2130706433:8080", "0177.0.0.1:8080",
            "1.2.3.4.5:8080", "256.0.0.1:8080", "+:8080", "[]:8080", "[*]:8080",
        ])
    func addressesOfAllKinds(text: String) {
        let found = problems("issuer: http://localhost\nlisten: \"\(text)\"\n")
        #expect(found.count == 1 && found.allSatisfy { $0.hasSuffix("0.0.0.0:8080 or [::]:8080") }, "\(found)")
        #expect(throws: (any Error).self) { try ListenAddress(text) }
    }

    @Test(
        "An address is an IPv4 address, an IPv6 address in brackets or a name, with a port",
        arguments: [
            ("0.0.0.0:8080", "127.0.0.1:8080"), ("[::]:8080", "[::1]:8080"), ("[0:0:0:0:0:0:0:0]:1", "[::1]:1"),
            ("localhost:80", "localhost:80"), ("node-1.example.com:0", "node-1.example.com:0"),
            ("[fe80::1%eth0]:80", "[fe80::1%eth0]:80"), ("127.0.0.1:65535", "127.0.0.1:65535"),
        ])
    func goodAddresses(text: String, local: String) throws {
        let address = try ListenAddress(text)
        #expect(address.description == text)
        #expect(address.local.description == local)
    }

    @Test(
        "An address with anything else is refused",
        arguments: [
            "", "8080", "localhost", "http://localhost:8080", "::1:8080", "localhost:65536", "localhost:-1", "a b:80",
            "[localhost]:80", "[::1", "lo\u{301}calhost:80", "localhost:8\u{660}", "localhost\u{37E}80",
        ])
    func badAddresses(text: String) {
        #expect(throws: (any Error).self) { try ListenAddress(text) }
    }

    @Test("A variable that is empty is an error for every setting", arguments: SettingName.allCases)
    func emptyVariables(name: SettingName) {
        let found = problems("issuer: http://localhost\n", environment: [name.environmentVariable: ""])
        #expect(!found.isEmpty)
    }

    @Test("The list of trusted proxies may be empty, if it is written as a list")
    func emptyLists() throws {
        let proxies = "trusted_proxies: { from: [10.0.0.0/8], field: forwarded }\n"
        let text = "issuer: https://a.example\ntls: terminated-upstream\n\(proxies)"
        #expect(try read(text, environment: ["WRIT_TRUSTED_PROXIES": "[]"]).trustedProxies.networks.isEmpty)
        #expect(try read("issuer: http://localhost\ntrusted_proxies: []\n").trustedProxies.networks.isEmpty)
        #expect(
            problems(text, environment: ["WRIT_TRUSTED_PROXIES": " , "])
                == ["trusted_proxies is empty; [] stands for no proxy"])
    }

    @Test("A null is an absent member", arguments: ["", "~", "null", "Null", "NULL"])
    func nulls(null: String) throws {
        let text = "issuer: http://localhost\nkeys: \(null)\naccess_token: \(null)\nlisten: \(null)\ntls: \(null)\n"
        let configuration = try read(text)
        #expect(configuration.keysFolder.lastComponent == "keys")
        #expect(configuration.listen.description == "127.0.0.1:8080")
        #expect(problems("issuer: \(null)\n").first?.hasPrefix("issuer is missing") == true)
        #expect(problems("issuer: http://localhost\nkey: \(null)\n") == ["unknown key key (did you mean keys?)"])
        #expect(try read("issuer: http://localhost\nkeys: \"null\"\n").keysFolder.lastComponent == "null")
    }

    @Test("There need be no file if none is named and the environment or an option gives the issuer")
    func noFile() throws {
        let environment = ["WRIT_ISSUER": "http://localhost"]
        #expect(throws: InvalidConfiguration.self) { try read(nil, environment: environment) }
        #expect(throws: InvalidConfiguration.self) { try read(nil, mayBeAbsent: true) }
        let configuration = try read(nil, environment: environment, mayBeAbsent: true)
        #expect(configuration.keysFolder == FilePath(folder.path("keys")))
        _ = try read(nil, options: .init(issuer: "http://localhost"), mayBeAbsent: true)
        _ = try configuration.readAgain()
        // A file that appears counts, and one that was there must not go.
        try folder.write("log_level: debug\n", to: "writ.yaml")
        let withFile = try configuration.readAgain()
        #expect(withFile.logLevel == .debug)
        try FileManager.default.removeItem(atPath: folder.path("writ.yaml"))
        #expect(throws: InvalidConfiguration.self) { try withFile.readAgain() }
    }

    @Test("Every setting is shown as it is in force, with the place that it comes from")
    func effectiveSettings() throws {
        #expect(Set(ServiceConfiguration.values.keys) == Set(SettingName.allCases))
        let text = "issuer: http://localhost\naccess_token: { lifetime: 5m, reuse: 10s }\nthrottle: { failures: off }\n"
        let environment = ["WRIT_ACCESS_TOKEN_LIFETIME": "120s", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"]
        let settings = try read(text, environment: environment, options: .init(logLevel: "debug")).effectiveSettings
        #expect(settings.map(\.name) == SettingName.allCases.map(\.rawValue))
        func shown(_ name: SettingName) -> String? {
            settings.first { $0.name == name.rawValue }.map { "\($0.value ?? "-") \($0.origin)" }
        }
        let file = folder.path("writ.yaml")
        #expect(shown(.issuer) == "http://localhost \(file):1")
        #expect(shown(.accessTokenLifetime) == "2m WRIT_ACCESS_TOKEN_LIFETIME")
        #expect(shown(.accessTokenReuse) == "10s \(file):2")
        #expect(shown(.throttleFailures) == "off \(file):3")
        #expect(shown(.throttleWindow) == "1m default")
        #expect(shown(.logLevel) == "debug --log-level")
        #expect(shown(.keys) == "\(folder.path("keys")) default")
        #expect(shown(.keysRotationEvery) == "- default")
        #expect(shown(.tracingEndpoint) == "http://c:4318/v1/traces OTEL_EXPORTER_OTLP_ENDPOINT")
        #expect(shown(.tracingRatio) == "1.0 default")
    }
}
