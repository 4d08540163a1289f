package import OAuth
package import PrometheusText
import Synchronization

/// The counters and histograms that the service updates while it works. Values that are computed on each scrape are not
/// part of it.
package final class ServiceMetrics: Sendable {
    /// Everything that `/metrics` exposes.
    package let registry = PrometheusRegistry()
    private let requests: RequestCounters
    private let outcomes = OutcomeCounts()
    private let durations: [Endpoint: PrometheusHistogram]
    private let queueWait: PrometheusHistogram
    private let reused: PrometheusCounter
    private let signedLists: PrometheusCounter
    /// By place and result. Both are few.
    private let remoteSignatures = Mutex<[RemoteResult: PrometheusCounter]>([:])
    private let remoteDurations = Mutex<[KeyURI.Place: PrometheusHistogram]>([:])
    private let shed: [Endpoint: PrometheusCounter]
    private let throttled: [Endpoint: PrometheusCounter]
    /// One for each cause, so that counting takes the same time for all of them.
    private let causes: [RefusalCause: PrometheusCounter]
    /// Requests with a DPoP proof, by the outcome: `accepted`, or the cause.
    private let proofs: [String: PrometheusCounter]
    /// Requests with the token of a platform, by its issuer and the outcome. Both are few: the issuers are the operator's.
    private let identities = Mutex<[IdentityOutcome: PrometheusCounter]>([:])
    /// By the status of the answer.
    private let refused = Mutex<[Int: PrometheusCounter]>([:])
    private let failedHandshakes: PrometheusCounter
    private let refusedConnections: PrometheusCounter
    private let reloads: (applied: PrometheusCounter, refused: PrometheusCounter)

    private struct RemoteResult: Hashable {
        let place: KeyURI.Place
        /// `nil` if the signature was made.
        let error: RemoteKeyError.Code?
    }

    private struct IdentityOutcome: Hashable {
        let issuer: String
        let outcome: String
    }

    /// Makes the metrics; all counts are zero.
    ///
    /// - Parameter isPerClient: whether registered clients are counted one by one: `metrics.per_client`.
    package init(isPerClient: Bool = true) {
        Self.describe(registry)
        let registry = registry
        requests = RequestCounters(registry, isPerClient: isPerClient)
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
        causes = Dictionary(
            uniqueKeysWithValues: RefusalCause.ofEndpoints.map { cause in
                (cause, registry.counter("writ_refusals_total", [("cause", cause.rawValue)]))
            })
        proofs = Dictionary(
            uniqueKeysWithValues: ([Self.accepted] + RefusalCause.ofProofs.map(\.rawValue)).map { outcome in
                (outcome, registry.counter("writ_dpop_proofs_total", [("outcome", outcome)]))
            })
        queueWait = registry.histogram("writ_signing_queue_wait_seconds")
        reused = registry.counter("writ_tokens_reused_total")
        signedLists = registry.counter("writ_status_lists_signed_total")
        failedHandshakes = registry.counter("writ_tls_handshakes_failed_total")
        refusedConnections = registry.counter("writ_connections_refused_total")
        func reloads(_ outcome: String) -> PrometheusCounter {
            registry.counter("writ_reloads_total", [("outcome", outcome)])
        }
        self.reloads = (reloads("applied"), reloads("refused"))
        // A rate can be taken from the first one on.
        for status in [400, 404, 405] { _ = refused(status) }
    }

    private static func describe(_ registry: PrometheusRegistry) {
        registry.describe("writ_token_requests_total", help: "Token requests (POST) that were answered.")
        registry.describe(
            "writ_introspection_requests_total", help: "Introspection requests (POST) that were answered.")
        registry.describe("writ_revocation_requests_total", help: "Revocation requests (POST) that were answered.")
        registry.describe(
            "writ_request_duration_seconds", help: "Time from a request's head to its answer, before it is sent.")
        registry.describe("writ_signing_queue_wait_seconds", help: "How long signatures waited to be made.")
        registry.describe(
            "writ_tokens_reused_total", help: "Token requests that were answered with a token issued before.")
        registry.describe(
            "writ_remote_signatures_total",
            help: "Requests for signatures of another place, by place and result: signed, or why not.")
        registry.describe(
            "writ_remote_signature_seconds",
            help: "Time that signatures of another place took, with the wait for their turns.")
        registry.describe("writ_status_lists_signed_total", help: "Status lists that were signed.")
        registry.describe(
            "writ_refusals_total",
            help: "Requests to the token and introspection endpoints that were refused, by cause.")
        registry.describe(
            "writ_dpop_proofs_total",
            help:
                "Token requests with a DPoP proof, or without one that is required, by outcome: accepted, or the cause."
        )
        registry.describe(
            "writ_identity_requests_total",
            help: "Requests with the token of a trusted issuer, by issuer and outcome: accepted, or the cause.")
        registry.describe("writ_requests_shed_total", help: "Requests that were answered 503 because too many waited.")
        registry.describe("writ_requests_throttled_total", help: "Requests that were answered 429 after failures.")
        registry.describe(
            "writ_requests_refused_total", help: "Requests that were refused before they reached an endpoint.")
        registry.describe("writ_tls_handshakes_failed_total", help: "TLS handshakes that failed.")
        registry.describe(
            "writ_connections_refused_total",
            help: "Connections that were closed, and requests that were refused, because there was no room for them.")
        registry.describe("writ_reloads_total", help: "Reloads of settings, keys, clients and TLS files.")
    }

    /// Records the time that an answer took.
    package func took(_ duration: Duration, _ endpoint: Endpoint) {
        durations[endpoint]?.record(nanoseconds: duration.nanoseconds)
    }

    /// Records the time that a signature waited for an event loop or a thread.
    package func waited(_ duration: Duration) { queueWait.record(nanoseconds: duration.nanoseconds) }

    /// Counts a status list that was signed.
    package func signedStatusList() { signedLists.increment() }

    /// Counts a signature of another place.
    package func count(_ outcome: RemoteSignatureOutcome) {
        remoteSignatures.withLock { counters in
            let key = RemoteResult(place: outcome.place, error: outcome.error?.code)
            if let counter = counters[key] { return counter }
            let counter = registry.counter(
                "writ_remote_signatures_total",
                [("place", key.place.rawValue), ("result", key.error?.rawValue ?? "signed")])
            counters[key] = counter
            return counter
        }.increment()
        guard outcome.error == nil else { return }
        remoteDurations.withLock { histograms in
            if let histogram = histograms[outcome.place] { return histogram }
            let histogram = registry.histogram("writ_remote_signature_seconds", [("place", outcome.place.rawValue)])
            histograms[outcome.place] = histogram
            return histogram
        }.record(nanoseconds: outcome.duration.nanoseconds)
    }

    /// Counts a reload that was applied or refused.
    package func reloaded(_ isApplied: Bool) { (isApplied ? reloads.applied : reloads.refused).increment() }

    /// Counts an answered request to the token or the introspection endpoint.
    package func count(_ event: RequestEvent) {
        let endpoint = event.endpoint
        requests.count(event)
        outcomes.count(event)
        if event.isReused { reused.increment() }
        if let cause = event.refusal?.cause { causes[cause]?.increment() }
        if let outcome = Self.outcome(ofProofIn: event) { proofs[outcome]?.increment() }
        if let identity = event.identity {
            count(identity, outcome: event.refusal.map(\.cause.rawValue) ?? Self.accepted)
        }
        switch event.refusal?.code {
        case .overloaded: shed[endpoint]?.increment()
        case .tooManyFailures: throttled[endpoint]?.increment()
        default: break
        }
    }

    /// Counts what did not reach an endpoint.
    package func count(_ event: HTTPEvent) {
        switch event {
        case .refused(_, _, let status, _, _), .unparsable(_, let status?, _, _): refused(status).increment()
        case .handshakeFailed: failedHandshakes.increment()
        case .connectionRefused: refusedConnections.increment()
        case .unparsable(_, nil, _, _), .listenerEnded: break
        }
    }

    private static let accepted = "accepted"

    /// `nil` for a request without a proof. A request may be refused for another reason after its proof was accepted.
    private static func outcome(ofProofIn event: RequestEvent) -> String? {
        if let cause = event.refusal?.cause, RefusalCause.ofProofs.contains(cause) { return cause.rawValue }
        if event.confirmation?.keyThumbprint != nil { return accepted }
        return nil
    }

    private func count(_ identity: IdentityTrace, outcome: String) {
        identities.withLock { counters in
            let key = IdentityOutcome(issuer: identity.issuer, outcome: outcome)
            if let counter = counters[key] { return counter }
            let labels = [("issuer", identity.issuer), ("outcome", outcome)]
            let counter = registry.counter("writ_identity_requests_total", labels)
            counters[key] = counter
            return counter
        }.increment()
    }

    /// The statuses are the service's own, so there are few.
    private func refused(_ status: Int) -> PrometheusCounter {
        refused.withLock { counters in
            if let counter = counters[status] { return counter }
            let counter = registry.counter("writ_requests_refused_total", [("status", String(status))])
            counters[status] = counter
            return counter
        }
    }

    /// The counts of all clients together.
    package var totals: RequestTotals {
        let occurred = causes.map { (cause: $0.key, count: $0.value.value) }.filter { $0.count > 0 }
        return outcomes.totals(reused: reused.value, causes: occurred)
    }

    /// Drops the counters of clients that are no longer registered.
    package func forget(except clients: ClientRegistry) { requests.forget(except: clients) }
}

extension Duration {
    fileprivate var nanoseconds: Int64 {
        let (seconds, isTooLong) = components.seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return isTooLong ? .max : seconds + components.attoseconds / 1_000_000_000
    }
}
