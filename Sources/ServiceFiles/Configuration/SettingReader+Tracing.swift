import AccessToken

extension SettingReader {
    /// `tracing`, which overrides the standard variables of OpenTelemetry. `nil` if no endpoint is set, or if it is
    /// invalid and reported. Invalid variables are ignored with a warning. Without an endpoint the other variables are not
    /// read.
    mutating func tracingDestination(environment: [String: String]) -> TracingDestination? {
        var variables = OpenTelemetryVariables(environment)
        let ratio = value(.tracingRatio, TracingEndpoint.ratio)
        let isOwn = has(.tracingEndpoint)
        let endpoint = isOwn ? value(.tracingEndpoint, TracingEndpoint.parse) : variables.endpoint()
        // With a malformed variable for the endpoint, that variable is reported and the ratio is no mistake.
        if has(.tracingRatio), !isOwn, endpoint == nil, variables.malformed.isEmpty {
            note(.tracingRatio, "comes without tracing.endpoint")
        }
        // The variables may be meant for other programs too. OpenTelemetry asks to ignore a value that is not understood.
        defer { for each in variables.malformed { warn(each) } }
        guard let endpoint else { return nil }
        let sampled = has(.tracingRatio) ? ratio : variables.ratio()
        return TracingDestination(
            endpoint: endpoint, ratio: sampled ?? 1, headers: variables.headers(), resource: variables.resource())
    }

    private mutating func warn(_ malformed: OpenTelemetryVariables.Malformed) {
        warn(Problem(.environment(malformed.variable), "the value \(malformed.message), and is ignored"))
    }
}
