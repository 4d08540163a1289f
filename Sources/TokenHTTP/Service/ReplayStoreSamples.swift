import PrometheusText
import ReplayStore

/// The metrics of the store of `replay`, computed on each scrape.
struct ReplayStoreSamples {
    let store: ReplayStore

    func add(to samples: inout PrometheusSamples) {
        samples.gauge(
            "writ_replay_store_up", help: "Whether all connections to the store of replay are ready.",
            value: store.isUp ? 1 : 0)
        let counts = store.counts
        for (outcome, count) in [("first", counts.recorded), ("repeated", counts.found), ("failed", counts.failed)] {
            samples.counter(
                "writ_replay_store_requests_total", help: "Questions to the store of replay, by outcome.",
                value: Double(count), labels: [("outcome", outcome)])
        }
    }
}
