import AccessToken
import Foundation
import Logging
import OAuth
import ServiceFixture
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import LiveState
@testable import ServiceFiles

/// What the log says of a clients file that is good but unusual, and of one that may be half written.
@Suite struct ClientWarningsTests {
    private let fixture: ServiceFixture
    private let log = RecordingLog()
    private let reloader: Reloader

    private static let colon =
        "  - client_id: urn:a\n    client_secrets: [{hash: \"sha256:K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols\"}]\n"

    init() throws {
        fixture = try ServiceFixture()
        let text = try fixture.folder.read("clients.yaml")
        try fixture.folder.write(text + Self.colon, to: "clients.yaml")
        let log = log
        reloader = try Reloader(
            fixture.configuration, logger: Logger(label: "test") { _ in log }, now: ServiceFixture.now)
    }

    private var current: Snapshot { reloader.snapshots.current }

    private func look(_ count: Int) {
        for _ in 0..<count { reloader.look(now: ServiceFixture.now) }
    }

    private func edit(_ text: String, _ new: String) throws {
        try fixture.folder.write(fixture.folder.read("clients.yaml").replacing(text, with: new), to: "clients.yaml")
    }

    private var colonWarnings: Int { log.lines.count { $0.contains("client_id has a colon") } }

    @Test("A warning about a client is logged at the start, and once for each change and each signal")
    func warningsAreLogged() throws {
        #expect(colonWarnings == 1)
        look(3)
        #expect(colonWarnings == 1)
        try edit("level: 3", "level: 4")
        look(4)
        #expect(colonWarnings == 2)
        reloader.reload(now: ServiceFixture.now)
        #expect(colonWarnings == 3)
        try edit("urn:a", "urn-a")
        look(3)
        #expect(colonWarnings == 3)
        #expect(reloader.lastStatus.isApplied)
    }

    @Test("A client with typ JWT is warned about when it is added")
    func weakTokens() throws {
        try edit("    claims: {", "    token_shape: { typ: JWT }\n    claims: {")
        look(4)
        #expect(log.lines.count { $0.contains("client tenant has token_shape with typ JWT") } == 1)
    }

    /// Writes the file only as far as this client.
    ///
    /// - Returns: the whole text.
    private func cut(before id: String) throws -> String {
        let text = try fixture.folder.read("clients.yaml")
        let start = try #require(text.range(of: "  - client_id: \(id)"))
        try fixture.folder.write(String(text[..<start.lowerBound]), to: "clients.yaml")
        return text
    }

    @Test("A clients file that has lost many clients is looked at once more, and then loaded")
    func manyClientsAreWaitedForOnce() throws {
        let whole = try cut(before: "tenant")
        look(2)
        #expect(current.clients.count == 9)
        look(1)
        #expect(current.clients.count == 1)
        #expect(log.lines.count { $0.contains("looked at once more") } == 1)
        try fixture.folder.write(whole, to: "clients.yaml")
        look(2)
        #expect(current.clients.count == 9)
    }

    @Test("A clients file that loses many clients again after they were back is looked at once more again")
    func eachLossIsWaitedFor() throws {
        let whole = try cut(before: "tenant")
        look(2)
        try fixture.folder.write(whole, to: "clients.yaml")
        look(3)
        _ = try cut(before: "tenant")
        look(2)
        #expect(current.clients.count == 9)
        #expect(log.lines.count { $0.contains("looked at once more") } == 2)
        look(1)
        #expect(current.clients.count == 1)
    }

    @Test("A clients file whose writer goes on in time loses no client")
    func aWriterThatPauses() throws {
        let whole = try cut(before: "tenant")
        look(2)
        #expect(current.clients.count == 9)
        try fixture.folder.write(whole.replacing("level: 3", with: "level: 4"), to: "clients.yaml")
        // It is not waited for any longer.
        look(1)
        #expect(current.clients.count == 9)
        #expect(log.lines.count { $0.contains("Reloaded") } == 1)
    }

    @Test("One client that is removed is gone at the second check, and with a signal many are gone at once")
    func whatIsNotWaitedFor() throws {
        try ClientsFileEditor(fixture.configuration.clientsPath).remove(
            ClientID("tenant"), now: NumericDate(1_795_000_000))
        look(2)
        #expect(current.clients.count == 8)
        _ = try cut(before: "waiting")
        reloader.reload(now: ServiceFixture.now)
        #expect(current.clients.count == 1)
    }
}

/// Keeps the lines of a log.
private final class RecordingLog: LogHandler, Sendable {
    private let recorded = Mutex<[String]>([])

    var lines: [String] { recorded.withLock { $0 } }

    var metadata: Logger.Metadata {
        get { [:] }
        set { _ = newValue }
    }

    var logLevel: Logger.Level {
        get { .info }
        set { _ = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set { _ = newValue }
    }

    func log(event: LogEvent) {
        recorded.withLock { $0.append("\(event.level) \(event.message)") }
    }
}
