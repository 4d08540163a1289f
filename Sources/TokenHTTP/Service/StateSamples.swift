import AccessToken
import LiveState
import OAuth
import PrometheusText

/// The metrics of the service's state, computed on each scrape.
struct StateSamples {
    let snapshot: Snapshot
    /// `nil` if the service does not end TLS.
    let tlsIdentity: TLSIdentity?
    /// `metrics.per_client`
    let isPerClient: Bool
    let now: NumericDate

    func add(to samples: inout PrometheusSamples) {
        samples.gauge("writ_clients", help: "Registered clients.", value: Double(snapshot.clients.count))
        addSecrets(to: &samples)
        for key in snapshot.keyStates(at: now) {
            let labels = [("kid", key.keyID), ("use", key.use)]
            samples.gauge(
                "writ_key_state", help: "1 for the current state of a key.", value: 1,
                labels: labels + [("state", key.state.rawValue)])
            guard let change = key.nextChange else { continue }
            samples.gauge(
                "writ_key_next_change_timestamp_seconds", help: "When a key changes its state, if that is known.",
                value: Double(change.seconds), labels: labels)
        }
        if let end = tlsIdentity?.end {
            samples.gauge(
                "writ_tls_certificate_expiry_timestamp_seconds", help: "When the TLS certificate expires.",
                value: Double(end.seconds))
        }
    }

    private func addSecrets(to samples: inout PrometheusSamples) {
        for (id, end) in isPerClient ? SecretExpiryWatch.ending(snapshot.clients, now: now) : [] {
            samples.gauge(
                "writ_client_secret_expiry_timestamp_seconds",
                help: "When the last secret of a client expires, from 14 days before.", value: Double(end.seconds),
                labels: [("client_id", id.description)])
        }
        if let end = snapshot.clients.nextSecretEnd(after: now) {
            samples.gauge(
                "writ_first_secret_expiry_timestamp_seconds", help: "When the first secret expires.",
                value: Double(end.seconds))
        }
    }
}
