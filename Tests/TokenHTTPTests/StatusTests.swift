import AccessToken
import HTTPTypes
import OAuth
import PrometheusText
import Telemetry
import Testing

@testable import TokenHTTP

/// What operators are told of the service's state.
@Suite struct StatusTests {
    private func event(_ client: Client?, refusal: TokenRefusal.Code? = nil) -> RequestEvent {
        var event = RequestEvent(.token, requestID: "1")
        event.client = client
        event.grantType = .clientCredentials
        event.refusal = refusal.map { TokenRefusal($0) }
        return event
    }

    @Test func countsRequestsByClientAndOutcome() throws {
        let clients = try ServiceFixture().snapshot().clients
        let metrics = ServiceMetrics()
        let reporting = try #require(clients[ClientID("reporting")])
        for _ in 0..<3 { metrics.count(event(reporting)) }
        metrics.count(event(reporting, refusal: .overloaded))
        metrics.count(event(nil, refusal: .tooManyFailures))
        let lines = metrics.registry.text().split(separator: "\n")
        let labels = #"{client_id="reporting",grant_type="client_credentials",outcome="#
        #expect(lines.contains(#"writ_token_requests_total\#(labels)"issued"} 3"#))
        #expect(lines.contains(#"writ_token_requests_total\#(labels)"temporarily_unavailable"} 1"#))
        #expect(lines.contains(#"writ_requests_shed_total{endpoint="token"} 1"#))
        #expect(lines.contains(#"writ_requests_throttled_total{endpoint="token"} 1"#))

        // Of clients that are gone nothing stays.
        metrics.forget(except: clients)
        #expect(metrics.registry.text().contains("reporting"))
        metrics.forget(except: try ClientRegistry([]))
        #expect(!metrics.registry.text().contains("reporting"))
        metrics.count(event(reporting))
        #expect(metrics.registry.text().contains(#"\#(labels)"issued"} 1"#))
    }

    /// The fixture's key signs, and one that is announced takes over at 1000 seconds.
    private func snapshot() throws -> Snapshot {
        let fixture = try ServiceFixture(keyFile: "p256.pem")
        let start = ServiceFixture.now + .seconds(1000)
        let name = start.rfc3339.filter { $0 != "-" && $0 != ":" }
        try fixture.copyKey("rsa-2048.pem", as: "first.pem")
        try fixture.copyKey("rsa-3072.pem", as: "\(name)-next.pem")
        return try fixture.snapshot()
    }

    @Test func keysChangeOverByTheClock() throws {
        let snapshot = try snapshot()
        func states(_ seconds: Int64) -> [KeySchedule.State] {
            snapshot.keyStates(at: ServiceFixture.now + .seconds(seconds)).filter { $0.use == "signing" }.map(\.state)
        }
        #expect(states(0) == [.signing, .next])
        #expect(states(999) == [.signing, .next])
        // Though nothing was read again.
        #expect(states(1000) == [.published, .signing])
        #expect(snapshot.keyStates.filter { $0.use == "sealing" }.map(\.state) == [.signing])
    }

    @Test func saysWhenKeysChange() throws {
        let keys = try snapshot().keyStates.filter { $0.use == "signing" }
        #expect(keys.map(\.nextChange) == [ServiceFixture.now + .seconds(1000), ServiceFixture.now + .seconds(1000)])
        let changes = KeyChange.changes(from: [], to: keys)
        #expect(changes.map(\.former) == [nil, nil])
        #expect(KeyChange.changes(from: keys, to: keys).isEmpty)
        #expect(KeyChange.changes(from: keys, to: [keys[0]]) == [KeyChange(former: keys[1], current: nil)])
    }
}
