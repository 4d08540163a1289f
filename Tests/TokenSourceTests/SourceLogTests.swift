import AccessToken
import Logging
import RemoteKeys
import Synchronization
import Testing

@testable import TokenSource

/// What a source writes into the log of its program.
@Suite(.timeLimit(.minutes(1))) struct SourceLogTests {
    /// Keeps each event as a line.
    private final class Recorder: Sendable {
        private let recorded = Mutex<[String]>([])

        var lines: [String] { recorded.withLock { $0 } }

        func record(_ line: String) { recorded.withLock { $0.append(line) } }
    }

    private struct Handler: LogHandler {
        let recorder: Recorder
        var logLevel = Logger.Level.debug
        var metadata: Logger.Metadata = [:]

        init(_ recorder: Recorder) { self.recorder = recorder }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let fields = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            recorder.record("\(event.level): \(event.message) \(fields.joined(separator: " "))")
        }
    }

    @Test("A failure in the background is a warning in the log, and no event shows a secret or a token")
    func logsFailures() async throws {
        let (stub, clock, recorder) = (EndpointStub(), ManualClock(), Recorder())
        stub.reply(.token("the-token"), .error("invalid_scope"))
        let access = RequestedAccess(resource: try Audience("https://a.example"), scope: try Scope("read"))
        try await stub.serve { origin in
            let logger = Logger(label: "test") { _ in Handler(recorder) }
            let source = AccessTokenSource(
                issuer: try Issuer(origin), try .secret("the-secret", of: try ClientID("client")),
                through: .tokenSource(), .standard, clock: clock.clock, logger)
            _ = try await source.token(for: access)
            clock.advance(by: .seconds(701))
            _ = try await source.token(for: access)
            try await eventually { !source.load(of: access).isFetching }
        }
        let about = #"audience=["https://a.example"]"#
        #expect(
            recorder.lines == [
                "debug: An access token was obtained \(about) scope=read"
                    + " token=an access token that expires at 2027-01-15T08:16:40Z",
                "warning: No access token was obtained \(about)"
                    + " error=the issuer refused: invalid_scope (status 400) scope=read",
            ])
    }
}
