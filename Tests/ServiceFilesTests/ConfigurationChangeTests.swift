import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

/// What a changed `writ.yaml` does to a running service.
@Suite struct ConfigurationChangeTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let start = "issuer: https://tokens.example.com\ntls: terminated-upstream\n"

    private func read(_ text: String) throws -> ServiceConfiguration {
        try folder.write(text, to: "writ.yaml")
        return try ServiceConfiguration(
            reading: FilePath(folder.path("writ.yaml")), environment: ["WRIT_DRAIN_DELAY": "1s"],
            options: .init(listen: "127.0.0.1:1"))
    }

    @Test("Every setting either changes while the service runs or is reported as needing a restart")
    func everySettingIsKnown() {
        // Members that say what ends TLS are compared with tls, and those of replay with it.
        let members: [SettingName] = [
            .tlsCertificate, .tlsPrivateKey, .tlsTerminated, .replayURL, .replayUsername, .replayPasswordFile,
            .replayCAFile, .replayWait,
        ]
        let compared = Set(ServiceConfiguration.needingRestart.map(\.name)).union(members)
        for name in SettingName.allCases {
            let isAdopted = ServiceConfiguration.adoptedNames.contains {
                name.rawValue == $0 || name.rawValue.hasPrefix($0 + ".")
            }
            #expect(isAdopted != compared.contains(name), "\(name.rawValue)")
        }
    }

    @Test("Lifetimes, reuse, assertions, rotation, proxies and the log level change while the service runs")
    func whatChanges() throws {
        let old = try read(Self.start)
        let new = try read(
            Self.start + """
                access_token: { lifetime: 5m, reuse: 10s }
                refresh_token: { lifetime: 7d }
                log_level: debug
                keys_rotation: { every: 90d }
                trusted_proxies: [10.0.0.0/8]
                client_assertion: { longest_lifetime: 1h, single_use: off }

                """)
        let adopted = old.adopting(new)
        #expect(adopted.policy.accessTokenLifetime == .seconds(300))
        #expect(adopted.policy.accessTokenReuse == .seconds(10))
        #expect(adopted.policy.refreshTokenLifetime == .seconds(7 * 86400))
        #expect(adopted.logLevel == .debug)
        #expect(adopted.keysRotation != nil)
        #expect(adopted.assertionRules == AssertionRules(longestLifetime: .seconds(3600), isSingleUse: false))
        #expect(old.changesNeedingRestart(new).isEmpty)
    }

    @Test("What is made when the service starts is named, and stays")
    func whatStays() throws {
        let old = try read(Self.start)
        let new = try read(
            Self.start.replacing("tokens", with: "other")
                + "management: off\nlimits: {queue_wait: 1s}\nreplay: {url: \"valkeys://a\"}\n")
        #expect(old.changesNeedingRestart(new) == ["issuer", "management", "replay", "limits.queue_wait"])
        #expect(old.adopting(new).issuer == old.issuer)
        #expect(old.changesNeedingRestart(try read(Self.start)).isEmpty)
    }

    @Test("The file is read again below the environment and the options of the start")
    func theLayersStay() throws {
        let old = try read(Self.start)
        try folder.write(Self.start + "listen: 127.0.0.1:2\ndrain_delay: 9s\nlog_level: error\n", to: "writ.yaml")
        let new = try old.readAgain()
        #expect(new.listen.port == 1)
        #expect(new.drainDelay == .seconds(1))
        #expect(new.logLevel == .error)
    }
}
