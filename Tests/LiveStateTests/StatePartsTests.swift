import AccessToken
import Foundation
import JOSE
import Logging
import OAuth
import ServiceFixture
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import LiveState
@testable import ServiceFiles

/// What is wrong with one part of the state keeps no other as it was.
@Suite struct StatePartsTests {
    private let fixture: ServiceFixture
    private let reloader: Reloader

    init() throws {
        fixture = try ServiceFixture()
        try fixture.copyKey("rsa-3072.pem", as: "20261118T110000Z.pem")
        reloader = try fixture.reloader()
    }

    private var current: Snapshot { reloader.snapshots.current }
    private var keyFiles: [String] { current.keys.map(\.key.name.description) }

    private func knows(_ id: String) throws -> Bool { current.clients[try ClientID(id)] != nil }

    private func look(_ count: Int = 2) {
        for _ in 0..<count { reloader.look(now: ServiceFixture.now) }
    }

    private func removeClient(_ id: String) throws {
        try ClientsFileEditor(fixture.configuration.clientsPath).remove(ClientID(id), now: NumericDate(1_795_000_000))
    }

    private func editClients(_ text: String, _ new: String) throws {
        try fixture.folder.write(fixture.folder.read("clients.yaml").replacing(text, with: new), to: "clients.yaml")
    }

    private func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: fixture.folder.path(name))
    }

    @Test(
        "A removed client is gone whatever is wrong with keys and settings",
        arguments: [
            "keys/old.pub.pem", "keys/first.pem", "keys/first.sealing", "writ.yaml", "keys/20990101T000000Z.pem",
        ])
    func aRemovedClientIsGone(broken: String) throws {
        try fixture.folder.write("[ no such thing", to: broken)
        look()
        #expect(!reloader.lastStatus.isApplied)
        try removeClient("reporting")
        look()
        #expect(try !knows("reporting") && knows("tenant"))
    }

    @Test(
        "A retired key is gone whatever is wrong with clients and settings",
        arguments: [
            ("clients.yaml", "clients: ["), ("clients.yaml", "clients:\n  - client_id: a\n"), ("clients.yaml", ""),
            ("writ.yaml", "issuer: ["), ("keys/old.pub.pem", "none"),
        ])
    func aRetiredKeyIsGone(broken: String, text: String) throws {
        try fixture.folder.write(text, to: broken)
        look()
        try remove("keys/20261118T110000Z.pem")
        look()
        #expect(keyFiles == ["first.pem"])
        #expect(!reloader.lastStatus.isApplied)
    }

    @Test("An entry that does not check keeps its client, and is counted")
    func aBrokenEntry() throws {
        try editClients("access_token_lifetime: 5m", "access_token_lifetime: soon")
        try editClients("client_id: waiting", "client_id: renamed")
        look()
        #expect(current.clients[try ClientID("tenant")]?.accessTokenLifetime == .seconds(300))
        #expect(try knows("renamed") && !knows("waiting"))
        #expect(reloader.lastStatus.refusedClientCount == 1)
        #expect(reloader.lastStatus.problemCounts == [.configuration: 0, .keys: 0, .issuers: 0, .clients: 1, .tls: 0])
        try editClients("access_token_lifetime: soon", "access_token_lifetime: 6m")
        look()
        #expect(current.clients[try ClientID("tenant")]?.accessTokenLifetime == .seconds(360))
        #expect(reloader.lastStatus.isApplied)
    }

    @Test("At a start an entry that does not check is out, and is reported")
    func aBrokenEntryAtAStart() throws {
        try editClients("access_token_lifetime: 5m", "access_token_lifetime: soon")
        let other = try fixture.reloader()
        #expect(other.snapshots.current.clients[try ClientID("tenant")] == nil)
        #expect(other.lastStatus.refusedClientCount == 1)
        #expect(other.snapshots.current.clients.count == 7)
    }

    @Test(
        "A start is refused if the clients file cannot be read as a whole, or a time that revokes does not check",
        arguments: ["clients: [", "", "refresh_tokens_not_before: soon\nclients: []\n"])
    func aStartThatIsRefused(text: String) throws {
        try fixture.folder.write(text, to: "clients.yaml")
        #expect(throws: InvalidConfiguration.self) { try fixture.reloader() }
    }

    @Test("A start is refused if the key in force does not check, and not if another one does not")
    func aStartWithABrokenKey() throws {
        try fixture.folder.write("half", to: "keys/first.pem")
        try fixture.folder.write("none", to: "keys/old.pub.pem")
        #expect(try fixture.reloader().lastStatus.problemCounts[.keys] == 2)
        try fixture.folder.write("half", to: "keys/20261118T110000Z.pem")
        let error = #expect(throws: InvalidConfiguration.self) { try fixture.reloader() }
        #expect(error?.problems.count == 3)
    }

    @Test("If no key is left that can sign, the one that did stays alone")
    func theLastSigningKeyStays() throws {
        let signer = current.signingKey(at: ServiceFixture.now).keyID
        try remove("keys/first.pem")
        try remove("keys/20261118T110000Z.pem")
        look()
        #expect(current.signingKey(at: ServiceFixture.now).keyID == signer)
        #expect(keyFiles == ["20261118T110000Z.pem"])
        #expect(reloader.lastStatus.problemCounts[.keys] == 1)
        // Clients are replaced all the same.
        try removeClient("reporting")
        look()
        #expect(try !knows("reporting"))
    }

    @Test("If no sealing key is left and clients may refresh, the one that sealed stays")
    func theLastSealingKeyStays() throws {
        try remove("keys/first.sealing")
        look()
        #expect(current.sealingKeys.map(\.key.name.description) == ["first.sealing"])
        #expect(current.sealer.canSeal(at: ServiceFixture.now))
        for id in ["nightly", "weekly", "recalled"] { try removeClient(id) }
        look()
        #expect(current.sealingKeys.isEmpty)
        #expect(reloader.lastStatus.isApplied)
    }

    @Test("Files that never stand still are read at the third check")
    func filesThatNeverStandStill() throws {
        try removeClient("reporting")
        for second in 0..<3 {
            try fixture.folder.write(fixture.folder.read("clients.yaml") + "# \(second)\n", to: "clients.yaml")
            #expect(try knows("reporting"))
            look(1)
        }
        #expect(try !knows("reporting"))
    }

    @Test("Half of a file that is still being written is neither used nor reported")
    func halfOfAFile() throws {
        try removeClient("reporting")
        let text = try fixture.folder.read("clients.yaml")
        for length in 1..<6 {
            try fixture.folder.write(text.prefix(40 * length) + "\n  - [", to: "clients.yaml")
            look(1)
        }
        #expect(try knows("reporting"))
        #expect(reloader.lastStatus.isApplied)
        try fixture.folder.write(text, to: "clients.yaml")
        look()
        #expect(try !knows("reporting"))
    }

    @Test("A half-written file whose last entry does not check is not used either, not even when another part changes")
    func halfOfAnEntry() throws {
        try removeClient("reporting")
        let text = try fixture.folder.read("clients.yaml")
        for length in 1..<6 {
            try fixture.folder.write(text + "  - client_id: half\(length)\n", to: "clients.yaml")
            if length == 3 { try remove("keys/first.pem") }
            look(1)
        }
        #expect(keyFiles == ["20261118T110000Z.pem"])
        #expect(try knows("reporting"))
        #expect(reloader.lastStatus.isApplied)
    }

    @Test("A file that never stands still is read in time although an entry has not checked for long")
    func filesThatNeverStandStillWithAMistake() throws {
        try editClients("access_token_lifetime: 5m", "access_token_lifetime: soon")
        look()
        try removeClient("reporting")
        for second in 0..<3 {
            try fixture.folder.write(fixture.folder.read("clients.yaml") + "# \(second)\n", to: "clients.yaml")
            look(1)
        }
        #expect(try !knows("reporting") && knows("tenant"))
        #expect(reloader.lastStatus.refusedClientCount == 1)
    }

    private final class Settings: Sendable {
        let levels = Mutex<[LogLevel]>([])
    }

    @Test("Settings change while the service runs, and what does not check leaves them as they are")
    func settingsChange() throws {
        let seen = Settings()
        let reloader = try Reloader(
            fixture.configuration, logger: Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() },
            reportSettings: { configuration in seen.levels.withLock { $0.append(configuration.logLevel) } },
            now: ServiceFixture.now)
        let text = try fixture.folder.read("writ.yaml")
        for (addition, level) in [
            ("access_token: {lifetime: 7m}\nlog_level: debug\n", LogLevel.debug), ("log_level: loud\n", .debug),
        ] {
            try fixture.folder.write(text + addition, to: "writ.yaml")
            for _ in 0..<2 { reloader.look(now: ServiceFixture.now) }
            let snapshot = reloader.snapshots.current
            #expect(snapshot.configuration.logLevel == level)
            #expect(snapshot.policy.accessTokenLifetime == .seconds(420))
        }
        #expect(seen.levels.withLock { $0 } == [.debug])
        #expect(reloader.lastStatus.problemCounts[.configuration] == 1)
    }

    @Test("A key is needed for the tokens of the longer lifetime that was in force before")
    func aShorterLifetimeKeepsKeys() throws {
        try fixture.folder.write(
            fixture.folder.read("writ.yaml") + "access_token: {lifetime: 1m}\n", to: "writ.yaml")
        look()
        #expect(current.policy.accessTokenLifetime == .seconds(60))
        #expect(current.lifetimes[.signing(.rs256)] == .seconds(900))
        reloader.reload(now: ServiceFixture.now + .seconds(900))
        #expect(current.lifetimes[.signing(.rs256)] == .seconds(300))
    }
}
