import AccessToken
import Foundation
import JOSE
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

@Suite struct ConfigurationTests {
    /// A proxy with a known address terminates TLS, unless `environment` sets WRIT_TLS.
    private func read(
        _ text: String, environment: [String: String] = [:], options: ServiceConfiguration.Options = .init()
    ) throws -> ServiceConfiguration {
        let folder = try TemporaryFolder()
        try folder.write(text, to: "writ.yaml")
        let proxy = [
            "WRIT_TLS": "terminated-upstream", "WRIT_TRUSTED_PROXIES_FROM": "10.0.0.1",
            "WRIT_TRUSTED_PROXIES_FIELD": "x-forwarded-for",
        ]
        var environment = proxy.merging(environment) { $1 }
        if environment["WRIT_TLS"] == "" { environment["WRIT_TLS"] = nil }
        return try ServiceConfiguration(
            reading: FilePath(folder.path("writ.yaml")), environment: environment, options: options)
    }

    /// The place, message and hint of each problem.
    private func problems(_ text: String, environment: [String: String] = [:]) -> [String] {
        do {
            _ = try read(text, environment: environment)
            return []
        } catch let error as InvalidConfiguration {
            return error.problems.map { problem in
                let place =
                    switch problem.place {
                    case .file(_, let line): line.map { "\($0)" } ?? "-"
                    case .environment(let name): name
                    case .option(let name): name
                    }
                return "\(place): \(problem.message)\(problem.hint.map { " (\($0))" } ?? "")"
            }
        } catch {
            return ["\(error)"]
        }
    }

    @Test("Every setting but the issuer has a default")
    func hasDefaultsForEverythingButTheIssuer() throws {
        let configuration = try read("issuer: https://tokens.example.com\n")
        #expect(configuration.listen.description == "127.0.0.1:8080")
        #expect(configuration.management?.description == "127.0.0.1:8081")
        #expect(configuration.algorithm.name == "RS256")
        #expect(configuration.accessTokenLifetime == .seconds(900))
        #expect(configuration.accessTokenReuse == .zero)
        #expect(configuration.drainDelay == .seconds(5))
        #expect(configuration.keysFolder.lastComponent == "keys")
        #expect(configuration.keysFolder.isAbsolute)
    }

    @Test("The environment overrides the file, and an option overrides both")
    func theLaterLayerWins() throws {
        let text = "issuer: https://file.example.com\nlisten: 127.0.0.1:1\naccess_token:\n  lifetime: 1m\n"
        let environment = ["WRIT_LISTEN": "127.0.0.1:2", "WRIT_ACCESS_TOKEN_LIFETIME": "2m", "WRIT_LOG_LEVEL": "debug"]
        let configuration = try read(text, environment: environment, options: .init(listen: "127.0.0.1:3"))
        #expect(configuration.issuer.description == "https://file.example.com")
        #expect(configuration.listen.port == 3)
        #expect(configuration.accessTokenLifetime == .seconds(120))
        #expect(configuration.logLevel == .debug)
    }

    @Test("WRIT_ variables that are not settings are ignored")
    func variablesOfOthersAreNoneOfOurs() throws {
        // Kubernetes sets these for a Service called writ.
        _ = try read(
            "issuer: https://a\n", environment: ["WRIT_PORT": "tcp://10.0.0.1:80", "WRIT_SERVICE_HOST": "10.0.0.1"])
    }

    @Test("access_token.reuse is off, or from 1s to 5m", arguments: [("off", 0), ("1s", 1), ("10s", 10), ("5m", 300)])
    func tokensCanBeReused(text: String, seconds: Int64) throws {
        let configuration = try read("issuer: https://a\naccess_token: {reuse: \(text)}\n")
        #expect(configuration.accessTokenReuse == .seconds(seconds))
        #expect(configuration.policy.accessTokenReuse == .seconds(seconds))
    }

    @Test(
        "metrics.per_client is on or off",
        arguments: [(nil, true), ("on", true), ("true", true), ("off", false), ("false", false)])
    func perClientMetricsCanBeOff(word: String?, isOn: Bool) throws {
        let line = word.map { "metrics: {per_client: \($0)}\n" } ?? ""
        #expect(try read("issuer: https://a\n" + line).metricsPerClient == isOn)
    }

    @Test("console is on or off, and off by default", arguments: [(nil, false), ("on", true), ("off", false)])
    func console(word: String?, isOn: Bool) throws {
        let line = word.map { "console: \($0)\n" } ?? ""
        #expect(try read("issuer: https://a\n" + line).console == isOn)
    }

    @Test("The console needs the management listener")
    func consoleWithoutManagement() throws {
        let expected = [
            "3: console needs the management listener, which is off "
                + "(set management to an address such as 127.0.0.1:8081, or take console out)"
        ]
        #expect(problems("issuer: https://a\nmanagement: off\nconsole: on\n") == expected)
        #expect(try !read("issuer: https://a\nmanagement: off\nconsole: off\n").console)
    }

    @Test(
        "limits.idle_timeout is from 1s to 1h, and 75s by default",
        arguments: [(nil, 75), ("1s", 1), ("1h", 3600), ("0s", nil), ("61m", nil), ("75", nil)] as [(String?, Int64?)])
    func idleTimeout(text: String?, seconds: Int64?) throws {
        let line = text.map { "limits: {idle_timeout: \($0)}\n" } ?? ""
        #expect((try? read("issuer: https://a\n" + line))?.idleTimeout == seconds.map { .seconds($0) })
    }

    @Test("The management listener can be turned off", arguments: ["off", "false", "no"])
    func managementCanBeOff(word: String) throws {
        #expect(try read("issuer: https://a\nmanagement: \(word)\n").management == nil)
    }

    @Test(
        "A problem of the configuration is reported with its line and a hint",
        arguments: [
            ("", ["-: issuer is missing (issuer: https://tokens.example.com)"]),
            (
                "isuer: https://a\n",
                [
                    "1: unknown key isuer (did you mean issuer?)",
                    "-: issuer is missing (issuer: https://tokens.example.com)",
                ]
            ),
            (
                "issuer: https://a\naccess_token:\n  lifetme: 1m\n",
                ["3: unknown key access_token.lifetme (did you mean access_token.lifetime?)"]
            ),
            ("issuer: https://a\nzzzzzzzz: 1\n", ["2: unknown key zzzzzzzz"]),
            ("issuer: https://a?b\n", ["1: issuer has a query; RFC 8414 section 2 allows none"]),
            ("issuer: 'https://a#b'\n", ["1: issuer has a fragment; RFC 8414 section 2 allows none"]),
            (
                "issuer: https://a/.well-known/openid-configuration\n",
                ["1: issuer is the URL of a metadata document; the issuer is the part before /.well-known/"]
            ),
            ("issuer: http://a\n", ["1: issuer is not https (http is allowed on a loopback host only)"]),
            (
                "issuer: [https://a]\n",
                ["1: issuer is not a single value", "-: issuer is missing (issuer: https://tokens.example.com)"]
            ),
            ("issuer: https://a\nlisten: 8080\n", ["2: listen is not an address with a port, such as 127.0.0.1:8080"]),
            (
                "issuer: https://a\nlisten: ::1:8080\n",
                ["2: listen needs brackets around an IPv6 address, such as [::1]:8080"]
            ),
            (
                "issuer: https://a\nlisten: 127.0.0.1:1\nmanagement: 127.0.0.1:1\n",
                ["2: listen is the same address as management"]
            ),
            (
                "issuer: https://a\naccess_token: {lifetime: 1m}\naccess_token.lifetime: 2m\n",
                ["3: access_token.lifetime is set twice"]
            ),
            (
                "issuer: https://a\ntoken_path: /.well-known/jwks.json\n",
                ["2: token_path is not a path such as /oauth2/token"]
            ),
            ("issuer: https://a\ntoken_path: /ê\n", ["2: token_path is not a path such as /oauth2/token"]),
            ("issuer: https://a\ntoken_path: '/a#b'\n", ["2: token_path is not a path such as /oauth2/token"]),
            ("issuer: https://a\ntoken_path: /a?b\n", ["2: token_path is not a path such as /oauth2/token"]),
            ("issuer: https://a\ntoken_path: index.php\n", ["2: token_path is not a path such as /oauth2/token"]),
            (
                "issuer: https://a\naccess_token: {algorithm: HS256}\n",
                ["2: access_token.algorithm is none of RS256, PS256, ES256, ES384, EdDSA and Ed25519"]
            ),
            (
                "issuer: https://a\naccess_token: {lifetime: 5 minutes}\n",
                ["2: access_token.lifetime is not a duration such as 90s, 15m, 12h or 30d"]
            ),
            (
                "issuer: https://a\naccess_token: {lifetime: 30d}\n",
                ["2: access_token.lifetime is not between 1s and 24h"]
            ),
            ("issuer: https://a\nconsole: some\n", ["2: console is neither on nor off"]),
            ("issuer: https://a\nmetrics: {per_client: some}\n", ["2: metrics.per_client is neither on nor off"]),
            (
                "issuer: https://a\naccess_token: {reuse: 0s}\n",
                ["2: access_token.reuse is neither off nor between 1s and 5m"]
            ),
            (
                "issuer: https://a\naccess_token: {reuse: 6m}\n",
                ["2: access_token.reuse is neither off nor between 1s and 5m"]
            ),
            ("issuer: https://a\naccess_token: RS256\n", ["2: access_token is not a mapping of names to values"]),
            (
                "issuer: https://a\nlog_level: loud\n",
                ["2: log_level is not one of trace, debug, info, notice, warning, error and critical"]
            ),
            ("issuer: https://a\nissuer: https://b\n", ["1: is not YAML: a key is used twice: issuer"]),
            (
                "- a\n",
                ["1: is not a mapping of names to values", "-: issuer is missing (issuer: https://tokens.example.com)"]
            ),
            ("issuer: \"https://a\nb: c", ["2: is not YAML: found unexpected end of stream"]),
        ])
    func saysWhatIsWrongAndWhere(text: String, expected: [String]) {
        let found = problems(text)
        #expect(found == expected)
    }

    @Test("An invalid value in the environment is reported with the name of its variable")
    func namesTheVariableThatIsWrong() {
        #expect(
            problems("issuer: https://a\n", environment: ["WRIT_LISTEN": "x"])
                == ["WRIT_LISTEN: listen is not an address with a port, such as 127.0.0.1:8080"])
    }

    /// Clients of an issuer that is reachable from other hosts would send secrets in plain text without TLS.
    @Test(
        "tls is set if and only if the issuer is https",
        arguments: [
            ("issuer: https://a\n", ["1: issuer is https, but tls is not set"]),
            ("issuer: http://localhost\n", []),
            ("issuer: http://localhost\ntls: terminated-upstream\n", ["1: issuer is http, but tls is set"]),
            ("issuer: https://a\ntls: terminated-upstream\n", []),
            (
                "issuer: https://a\ntls: yes\n",
                ["2: tls is neither terminated-upstream nor a certificate with its private_key"]
            ),
            ("issuer: https://a\ntls: {certificate: a}\n", ["2: tls.certificate comes without tls.private_key"]),
            ("issuer: https://a\ntls:\n  private_key: a\n", ["3: tls.private_key comes without tls.certificate"]),
            ("issuer: https://a\ntls: {certificate: a, private_key: b}\n", []),
            (
                "issuer: https://a\ntls: {certficate: a, private_key: b}\n",
                ["2: unknown key tls.certficate", "2: tls.private_key comes without tls.certificate"]
            ),
            (
                "issuer: https://a\ntls: [a]\n",
                ["2: tls is not a single value", "1: issuer is https, but tls is not set"]
            ),
        ])
    func saysWhoEndsTLS(text: String, expected: [String]) {
        let found = problems(text, environment: ["WRIT_TLS": ""]).map { $0.prefix { $0 != "(" } }
        #expect(Set(found.map { $0.trimmingCharacters(in: .whitespaces) }) == Set(expected))
    }

    @Test("Either the service or a proxy terminates TLS, as the later layer says")
    func tlsIsOneOrTheOther() throws {
        let configuration = try read(
            "issuer: https://a\ntls: {certificate: a.crt, private_key: /b.key}\n", environment: ["WRIT_TLS": ""])
        guard case .here(let certificate, let privateKey) = configuration.tls else {
            Issue.record("not \(configuration.tls)")
            return
        }
        #expect(certificate.lastComponent == "a.crt" && certificate.isAbsolute)
        #expect(privateKey == "/b.key")
        #expect(try read("issuer: https://a\n").tls == .upstream)
        // The later layer overrides the earlier.
        #expect(try read("issuer: https://a\ntls: {certificate: a.crt, private_key: b}\n").tls == .upstream)
        let environment = ["WRIT_TLS": "", "WRIT_TLS_CERTIFICATE": "/a", "WRIT_TLS_PRIVATE_KEY": "/b"]
        #expect(
            try read("issuer: https://a\ntls: terminated-upstream\n", environment: environment).tls
                == .here(certificate: "/a", privateKey: "/b"))
        #expect(
            problems("issuer: https://a\n", environment: ["WRIT_TLS_CERTIFICATE": "/a", "WRIT_TLS_PRIVATE_KEY": "/b"])
                == ["WRIT_TLS: tls is set together with a certificate; only one of them is allowed"])
    }

    @Test(
        "limits.queue_wait is from 10ms to 10s",
        arguments: [("250ms", 250), ("10ms", 10), ("1s", 1000), ("10s", 10_000)] as [(String, Int64)])
    func signaturesMayWait(text: String, milliseconds: Int64) throws {
        let wait = try DurationText.parseWait(text)
        #expect(wait == .milliseconds(milliseconds))
        #expect(try DurationText.parseWait(DurationText.format(wait)) == wait)
        #expect(try read("issuer: https://a\nlimits: {queue_wait: \(text)}\n").queueWait == wait)
    }

    @Test(
        "A limits.queue_wait out of range or without a unit is refused",
        arguments: ["9ms", "11s", "ms", "-1ms", "1.5ms", "250", "250 ms", "0s"])
    func signaturesMayNotWait(text: String) {
        #expect(throws: InvalidValue.self) { try DurationText.parseWait(text) }
    }

    @Test("Tracing needs an endpoint, and its ratio is from 0 to 1")
    func tracesNeedAPlace() throws {
        let configuration = try read("issuer: https://a\ntracing: {endpoint: http://c:4318/v1/traces, ratio: 0.25}\n")
        #expect(configuration.tracing == TracingDestination(endpoint: "http://c:4318/v1/traces", ratio: 0.25))
        #expect(try read("issuer: https://a\n").tracing == nil)
        #expect(
            problems("issuer: https://a\ntracing: {endpoint: c}\n")
                == ["2: tracing.endpoint is not a URL such as http://127.0.0.1:4318/v1/traces"])
        #expect(!problems("issuer: https://a\ntracing: {endpoint: 'http://'}\n").isEmpty)
        #expect(
            problems("issuer: https://a\ntracing: {ratio: 2}\n")
                == ["2: tracing.ratio is not from 0 to 1", "2: tracing.ratio comes without tracing.endpoint"])
    }

    @Test("The standard variables of OpenTelemetry name a collector if tracing.endpoint does not")
    func tracesFollowTheStandardVariables() throws {
        let collector = ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://o:4318", "OTEL_EXPORTER_OTLP_HEADERS": "key=s3cret"]
        let headers = TracingHeaders([TracingHeaders.Field(name: "key", value: "s3cret")])
        #expect(
            try read("issuer: https://a\ntracing: {ratio: 0.5}\n", environment: collector).tracing
                == TracingDestination(endpoint: "http://o:4318/v1/traces", ratio: 0.5, headers: headers))
        #expect(
            try read("issuer: https://a\ntracing: {endpoint: http://c/v1/traces}\n", environment: collector).tracing
                == TracingDestination(endpoint: "http://c/v1/traces", ratio: 1, headers: headers))
        // Without an endpoint tracing is off, and the other variables are ignored.
        #expect(try read("issuer: https://a\n", environment: ["OTEL_EXPORTER_OTLP_HEADERS": "x"]).tracing == nil)
    }

    @Test("A malformed variable of OpenTelemetry is ignored with a warning that does not show its value")
    func warnsOfStandardVariables() throws {
        let endpoint = try read("issuer: https://a\n", environment: ["OTEL_EXPORTER_OTLP_ENDPOINT": "o:4318"])
        #expect(endpoint.tracing == nil)
        #expect(
            endpoint.warnings.map(\.description) == [
                "OTEL_EXPORTER_OTLP_ENDPOINT: the value is not a URL such as http://127.0.0.1:4318, and is ignored"
            ])
        let collector = ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://o:4318", "OTEL_EXPORTER_OTLP_HEADERS": "s3cret"]
        let headers = try read("issuer: https://a\n", environment: collector)
        #expect(headers.tracing == TracingDestination(endpoint: "http://o:4318/v1/traces", ratio: 1))
        #expect(headers.warnings.map(\.place) == [.environment("OTEL_EXPORTER_OTLP_HEADERS")])
        #expect(headers.warnings.allSatisfy { !$0.description.contains("s3cret") })
        #expect(try read("issuer: https://a\n", environment: ["OTEL_TRACES_SAMPLER": "xray"]).warnings.isEmpty)
    }

    @Test("A missing writ.yaml is reported with a hint")
    func saysThatAFileIsMissing() throws {
        let folder = try TemporaryFolder()
        let error = #expect(throws: InvalidConfiguration.self) {
            try ServiceConfiguration(reading: FilePath(folder.path("writ.yaml")), environment: [:])
        }
        #expect(error?.problems.first?.message == "there is no such file")
        #expect(error?.problems.first?.hint == "`writ init` makes a working folder")
    }

    @Test("A malformed address is not among the addresses to listen on")
    func theCheckTriesNoAddressThatNobodyWrote() async throws {
        let folder = try TemporaryFolder()
        try folder.write("issuer: https://a.example\nlisten: nowhere\nmanagement: 127.0.0.1:0\n", to: "writ.yaml")
        let source = ConfigurationSource(file: FilePath(folder.path("writ.yaml")), environment: [:])
        let configuration = ServiceConfiguration.addresses(in: source)
        #expect(configuration.map(\.description) == ["127.0.0.1:0"])
    }

    @Test(
        "A duration is a number with the unit s, m, h or d",
        arguments: [("90s", 90), ("15m", 900), ("12h", 43200), ("30d", 2_592_000), ("0s", 0)] as [(String, Int64)])
    func takesDurations(text: String, seconds: Int64) throws {
        let duration = try DurationText.parse(text)
        #expect(duration == .seconds(seconds))
        #expect(try DurationText.parse(DurationText.format(duration)) == duration)
    }

    @Test(
        "A duration with a sign, a fraction, another unit or too many digits is refused",
        arguments: ["", "s", "15", "-1s", "+1s", "1.5h", "1w", "1 s", "9999999999s", "１m"])
    func refusesDurations(text: String) {
        #expect(throws: InvalidValue.self) { try DurationText.parse(text) }
    }
}
