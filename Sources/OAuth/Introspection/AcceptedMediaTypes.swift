/// The media types that a client accepts, RFC 9110 section 12.5.1.
struct AcceptedMediaTypes {
    /// The weights, by media type in lower case.
    private var weights: [Substring: Double] = [:]

    /// - Parameter fields: the values of all `Accept` fields.
    init(_ fields: [String]) {
        for range in fields.joined(separator: ",").lowercased().split(separator: ",") {
            let parts = range.filter { $0 != " " && $0 != "\t" }.split(separator: ";", omittingEmptySubsequences: false)
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            weights[parts[0]] = max(weights[parts[0]] ?? 0, weight)
        }
    }

    /// Whether `Accept` names the first media type, with a weight at least that of the second. A wildcard does not name
    /// the first: it accepts the usual answer.
    func prefer(_ first: String, to second: String) -> Bool {
        let weight = weights[Substring(first)] ?? 0
        let family = second.prefix { $0 != "/" } + "/*"
        let other = weights[Substring(second)] ?? weights[family] ?? weights["*/*"] ?? 0
        return weight > 0 && weight >= other
    }
}
