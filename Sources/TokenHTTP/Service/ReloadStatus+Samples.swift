import AccessToken
import LiveState
import PrometheusText

extension ReloadStatus {
    func add(to samples: inout PrometheusSamples) {
        samples.gauge(
            "writ_last_reload_successful", help: "Whether all files are in use as they were last read.",
            value: isApplied ? 1 : 0)
        samples.gauge(
            "writ_last_reload_timestamp_seconds", help: "When files were last read.", value: Double(time.seconds))
        for part in StatePart.allCases {
            samples.gauge(
                "writ_reload_problems", help: "What is wrong with the files of a part, as they were last read.",
                value: Double(problemCounts[part] ?? 0), labels: [("part", part.rawValue)])
        }
        samples.gauge(
            "writ_client_entries_refused",
            help: "Entries of the clients file that do not check: they keep their last form, or are out.",
            value: Double(refusedClientCount))
    }
}
