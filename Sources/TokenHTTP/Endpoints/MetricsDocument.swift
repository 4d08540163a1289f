import AccessToken
import OAuth

/// What `/metrics` answers, in the text format of Prometheus, version 0.0.4.
struct MetricsDocument {
    static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    let text: String

    init(_ snapshot: Snapshot, now: NumericDate) {
        var lines = [
            "# HELP writ_clients Registered clients.",
            "# TYPE writ_clients gauge",
            "writ_clients \(snapshot.clients.count)",
            "# HELP writ_client_secret_end_timestamp_seconds When the last secret of a client ends, from 14 days before.",
            "# TYPE writ_client_secret_end_timestamp_seconds gauge",
        ]
        lines += SecretExpiryWatch.ending(snapshot.clients, now: now).map { id, end in
            "writ_client_secret_end_timestamp_seconds{client_id=\"\(Self.escaped(id.description))\"} \(end.seconds)"
        }
        text = lines.joined(separator: "\n") + "\n"
    }

    /// A label's value: backslash, quotation mark and line feed are escaped. (An identifier has no line feed.)
    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    }
}
