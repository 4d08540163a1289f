import AccessToken
package import OAuth
package import PrometheusText
import Synchronization

/// The counters and histograms that the service updates while it works. Values that are computed on each scrape are not
/// part of it.
package final class ServiceMetrics: Sendable {
    private struct Request: Hashable {
        let endpoint: Endpoint
        let grantType: GrantType?
        /// `issued`, `answered`, or the error code.
        let outcome: String
        let clientID: ClientID?

        var name: String {
            endpoint == .token ? "writ_token_requests_total" : "writ_introspection_requests_total"
        }

        var dimensions: [(String, String)] {
            [
                ("outcome", outcome), ("grant_type", grantType?.rawValue ?? ""),
                ("client_id", clientID?.description ?? ""),
            ]
        }
    }

    /// Everything that `/metrics` exposes.
    package let registry = PrometheusRegistry()
    /// One counter for each kind of request that has occurred. Unregistered clients are counted without an identifier,
    /// and the counters of removed clients are dropped. So their number is at most a few dozen for each registered
    /// client.
    private let requests = Mutex<[Request: PrometheusCounter]>([:])
    private let durations: [Endpoint: PrometheusHistogram]
    private let queueWait: PrometheusHistogram
    private let reused: PrometheusCounter
    private let shed: [Endpoint: PrometheusCounter]
    private let throttled: [Endpoint: PrometheusCounter]
    private let reloads: (applied: PrometheusCounter, refused: PrometheusCounter)

    /// Makes the metrics; all counts are zero.
    package init() {
        Self.describe(registry)
        let registry = registry
        func each<Value>(_ make: (String) -> Value) -> [Endpoint: Value] {
            Dictionary(uniqueKeysWithValues: Endpoint.allCases.map { ($0, make($0.rawValue)) })
        }
        durations = each {
            registry.histogram("writ_request_duration_seconds", [("endpoint", $0)])
        }
        shed = each { registry.counter("writ_requests_shed_total", [("endpoint", $0)]) }
        throttled = each {
            registry.counter("writ_requests_throttled_total", [("endpoint", $0)])
        }
        queueWait = registry.histogram("writ_signing_queue_wait_seconds")
        reused = registry.counter("writ_tokens_reused_total")
        func reloads(_ outcome: String) -> PrometheusCounter {
            registry.counter("writ_reloads_total", [("outcome", outcome)])
        }
        self.reloads = (reloads("applied"), reloads("refused"))
    }

    private static func describe(_ registry: PrometheusRegistry) {
        registry.describe("writ_token_requests_total", help: "Token requests (POST) that were answered.")
        registry.describe(
            "writ_introspection_requests_total", help: "Introspection requests (POST) that were answered.")
        registry.describe(
            "writ_request_duration_seconds", help: "Time from a request's head to its answer, before it is sent.")
        registry.describe("writ_signing_queue_wait_seconds", help: "How long signatures waited for a thread.")
        registry.describe(
            "writ_tokens_reused_total", help: "Token requests that were answered with a token issued before.")
        registry.describe("writ_requests_shed_total", help: "Requests that were answered 503 because too many waited.")
        registry.describe("writ_requests_throttled_total", help: "Requests that were answered 429 after failures.")
        registry.describe("writ_reloads_total", help: "Reloads of keys and clients.")
    }

    /// Records the time that an answer took.
    package func took(_ duration: Duration, _ endpoint: Endpoint) {
        durations[endpoint]?.record(nanoseconds: duration.nanoseconds)
    }

    /// Records the time that a signature waited for a thread.
    package func waited(_ duration: Duration) { queueWait.record(nanoseconds: duration.nanoseconds) }

    /// Counts a reload that was applied or refused.
    package func reloaded(_ isApplied: Bool) { (isApplied ? reloads.applied : reloads.refused).increment() }

    /// Counts an answered request to the token or the introspection endpoint.
    package func count(_ event: RequestEvent) {
        let endpoint = event.endpoint
        let request = Request(
            endpoint: endpoint, grantType: event.grantType,
            outcome: event.refusal?.code.error.description ?? (endpoint == .token ? "issued" : "answered"),
            clientID: event.client?.id)
        counter(request).increment()
        if event.isReused { reused.increment() }
        switch event.refusal?.code {
        case .overloaded: shed[endpoint]?.increment()
        case .tooManyFailures: throttled[endpoint]?.increment()
        default: break
        }
    }

    private func counter(_ request: Request) -> PrometheusCounter {
        if let known = requests.withLock({ $0[request] }) { return known }
        // The registry returns the same counter for the same name and labels, even if two threads get here.
        let counter = registry.counter(request.name, request.dimensions)
        requests.withLock { $0[request] = counter }
        return counter
    }

    /// Drops the counters of clients that are no longer registered.
    package func forget(except clients: ClientRegistry) {
        let gone = requests.withLock { requests in
            let gone = requests.keys.filter { $0.clientID.map { clients[$0] == nil } ?? false }
            for request in gone { requests[request] = nil }
            return gone
        }
        for request in gone { registry.remove(request.name, request.dimensions) }
    }
}

extension Duration {
    fileprivate var nanoseconds: Int64 {
        let (seconds, isTooLong) = components.seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return isTooLong ? .max : seconds + components.attoseconds / 1_000_000_000
    }
}
