import AccessToken
import Logging
import OAuth
import ServiceFixture
import Synchronization
import TestSupport
import Testing

@testable import LiveState

/// `client_assertion` while the service runs.
@Suite struct AssertionReloadTests {
    private final class Log: Sendable {
        private let messages = Mutex<[String]>([])

        var logger: Logger { Logger(label: "tests") { _ in Handler(log: self) } }

        func add(_ message: String) { messages.withLock { $0.append(message) } }

        func warnings(_ text: String) -> [String] { messages.withLock { $0.filter { $0.contains(text) } } }
    }

    private struct Handler: LogHandler {
        let log: Log
        var logLevel = Logger.Level.warning
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { log.add("\(event.message)") }
    }

    private static let entry = "  - client_id: job\n    jwks_uri: https://keys.example.com/\n"

    @Test("The rules of writ.yaml change with a reload, and a client whose assertions may be used again is a warning")
    func reload() throws {
        let fixture = try ServiceFixture()
        let log = Log()
        let reloader = try Reloader(fixture.configuration, logger: log.logger, now: ServiceFixture.now)
        #expect(reloader.snapshots.current.assertionRules == .standard)
        #expect(log.warnings("single_use").isEmpty)
        let clients = try fixture.folder.read("clients.yaml")
        try fixture.folder.write(
            clients + Self.entry + "    client_assertion: { single_use: false }\n", to: "clients.yaml")
        try fixture.folder.write(
            fixture.folder.read("writ.yaml") + "client_assertion: { longest_lifetime: 1h }\n", to: "writ.yaml")
        reloader.reload(now: ServiceFixture.now)
        let current = reloader.snapshots.current
        #expect(current.assertionRules.longestLifetime == .seconds(3600))
        #expect(try current.clients[ClientID("job")]?.assertionRules.isSingleUse == false)
        #expect(log.warnings("client job has client_assertion.single_use off").count == 1)
        reloader.reload(now: ServiceFixture.now)
        #expect(log.warnings("client job has client_assertion.single_use off").count == 2)
    }

    @Test("A client whose assertions may be used again is a warning at the start")
    func start() throws {
        let fixture = try ServiceFixture()
        let clients = try fixture.folder.read("clients.yaml")
        try fixture.folder.write(
            clients + Self.entry + "    client_assertion: { single_use: false }\n", to: "clients.yaml")
        let log = Log()
        _ = try Reloader(fixture.configuration, logger: log.logger, now: ServiceFixture.now)
        #expect(log.warnings("client job has client_assertion.single_use off").count == 1)
    }
}
