import AccessToken
import OAuth
import PrometheusText

/// The metrics of trusted issuers, computed on each scrape.
struct IssuerSamples {
    let issuers: [TrustedIssuer]
    let keys: IssuerKeySets

    func add(to samples: inout PrometheusSamples) {
        samples.gauge("writ_issuers", help: "Trusted issuers.", value: Double(issuers.count))
        for issuer in issuers {
            guard let fetches = keys.fetches(of: issuer) else { continue }
            let labels = [("issuer", issuer.name)]
            if let time = fetches.succeededAt {
                samples.gauge(
                    "writ_issuer_keys_fetched_timestamp_seconds", help: "When the keys of an issuer were last fetched.",
                    value: Double(time.seconds), labels: labels)
            }
            samples.gauge(
                "writ_issuer_keys_last_fetch_successful",
                help: "Whether the last fetch of the keys of an issuer succeeded.",
                value: fetches.hasFailed ? 0 : 1, labels: labels)
            samples.counter(
                "writ_issuer_keys_fetches_failed_total", help: "Fetches of the keys of an issuer that failed.",
                value: Double(fetches.failureCount), labels: labels)
        }
    }
}
