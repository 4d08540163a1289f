import AccessToken
import Admission
import OAuth
import PrometheusText

/// The metrics of what clients do, computed on each scrape.
struct ClientUsesSamples {
    let uses: ClientUses
    let service: ClientUsesService
    let clients: ClientRegistry
    /// `metrics.per_client`
    let isPerClient: Bool

    func add(to samples: inout PrometheusSamples) {
        samples.gauge(
            "writ_client_uses_since_timestamp_seconds",
            help: "Since when it is recorded which clients get tokens.", value: Double(uses.since.seconds))
        addLimits(to: &samples)
        if isPerClient {
            for use in uses.lastUses where clients[use.client] != nil {
                samples.gauge(
                    "writ_client_last_used_timestamp_seconds", help: "When a client last got a token.",
                    value: Double(use.time.seconds), labels: [("client_id", use.client.description)])
            }
        }
        if service.keepsState { addState(to: &samples) }
    }

    private func addLimits(to samples: inout PrometheusSamples) {
        func count(_ count: Int, _ labels: [(String, String)]) {
            samples.counter(
                "writ_requests_over_limit_total",
                help: "Token requests that were answered 429 since their client had made too many.",
                value: Double(count), labels: labels)
        }
        guard isPerClient else { return count(uses.refusalCount, []) }
        for (client, refusals) in uses.refusalCounts where clients[client] != nil {
            count(refusals, [("client_id", client.description)])
        }
    }

    private func addState(to samples: inout PrometheusSamples) {
        samples.gauge(
            "writ_state_up", help: "Whether the file of state could be used when that was last tried.",
            value: service.isUp ? 1 : 0)
        samples.counter(
            "writ_state_failures_total", help: "How often the file of state could not be used.",
            value: Double(service.failureCount))
        samples.gauge(
            "writ_state_saved_timestamp_seconds", help: "When all last uses of clients were last in the file of state.",
            value: Double(service.saved.seconds))
    }
}
