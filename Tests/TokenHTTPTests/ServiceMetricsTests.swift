import AccessToken
import HTTPTypes
import LiveState
import OAuth
import PrometheusText
import ServiceFixture
import Telemetry
import Testing

@testable import TokenHTTP

@Suite struct ServiceMetricsTests {
    private func event(_ client: Client?, refusal: TokenRefusal.Code? = nil) -> RequestEvent {
        var event = RequestEvent(.token, requestID: "1")
        event.client = client
        event.grantType = .clientCredentials
        event.refusal = refusal.map { TokenRefusal($0) }
        return event
    }

    @Test("Requests are counted by client and outcome, and the counters of removed clients are dropped")
    func countsRequestsByClientAndOutcome() throws {
        let clients = try ServiceFixture().snapshot().clients
        let metrics = ServiceMetrics()
        let reporting = try #require(clients[ClientID("reporting")])
        for _ in 0..<3 { metrics.count(event(reporting)) }
        metrics.count(event(reporting, refusal: .overloaded))
        metrics.count(event(nil, refusal: .tooManyFailures))
        // The service is not overloaded if a key server is down.
        metrics.count(event(reporting, refusal: .clientKeysUnavailable))
        let lines = metrics.registry.text().split(separator: "\n")
        let labels = #"{client_id="reporting",grant_type="client_credentials",outcome="#
        #expect(lines.contains(#"writ_token_requests_total\#(labels)"issued"} 3"#))
        #expect(lines.contains(#"writ_token_requests_total\#(labels)"temporarily_unavailable"} 2"#))
        #expect(lines.contains(#"writ_requests_shed_total{endpoint="token"} 1"#))
        #expect(lines.contains(#"writ_requests_throttled_total{endpoint="token"} 1"#))

        // The counters of removed clients are dropped.
        metrics.forget(except: clients)
        #expect(metrics.registry.text().contains("reporting"))
        metrics.forget(except: try ClientRegistry([]))
        #expect(!metrics.registry.text().contains("reporting"))
        metrics.count(event(reporting))
        #expect(metrics.registry.text().contains(#"\#(labels)"issued"} 1"#))
    }

    @Test("metrics.per_client: off counts all clients together")
    func clientsAreCountedTogether() throws {
        let clients = try ServiceFixture().snapshot().clients
        let metrics = ServiceMetrics(isPerClient: false)
        for id in ["reporting", "tenant"] { metrics.count(event(try clients[ClientID(id)])) }
        let text = metrics.registry.text()
        #expect(!text.contains("client_id"))
        #expect(text.contains(#"writ_token_requests_total{grant_type="client_credentials",outcome="issued"} 2"#))
    }
}
