import Testing

@testable import ServiceFiles

/// OpenTelemetry specification: "OpenTelemetry Protocol Exporter", "Environment Variable Specification".
@Suite struct OpenTelemetryVariablesTests {
    private static let base = "OTEL_EXPORTER_OTLP_ENDPOINT"
    private static let traces = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
    private static let headers = "OTEL_EXPORTER_OTLP_HEADERS"
    private static let resource = "OTEL_RESOURCE_ATTRIBUTES"
    private static let sampler = "OTEL_TRACES_SAMPLER"
    private static let argument = "OTEL_TRACES_SAMPLER_ARG"

    @Test(
        "v1/traces is appended to the base URL; the URL for traces is used as it is, and overrides it",
        arguments: [
            ([:], nil), ([base: ""], nil), ([base: "http://c:4318"], "http://c:4318/v1/traces"),
            ([base: "https://c/otlp/"], "https://c/otlp/v1/traces"), ([traces: "http://c/"], "http://c/"),
            ([base: "http://b", traces: "http://t/x?y"], "http://t/x?y"),
            ([base: "http://b", traces: ""], "http://b/v1/traces"),
        ] as [([String: String], String?)])
    func endpoints(environment: [String: String], endpoint: String?) {
        var variables = OpenTelemetryVariables(environment)
        #expect(variables.endpoint() == endpoint)
        #expect(variables.malformed.isEmpty)
    }

    @Test(
        "A URL that is malformed is reported with the name of its variable",
        arguments: [
            (base, "c:4318"), (base, "ftp://c"), (base, "http://"), (base, "http://c?x"), (base, "http://c#x"),
            (traces, "c"), (traces, "grpc://c:4317"),
        ])
    func malformedEndpoints(name: String, value: String) {
        var variables = OpenTelemetryVariables([name: value])
        #expect(variables.endpoint() == nil)
        #expect(variables.malformed.map(\.variable) == [name])
    }

    @Test(
        "W3C Baggage section 3.3.1: header values are percent-decoded",
        arguments: [
            ("", []), ("a=1", [["a", "1"]]), (" a = 1 , b=2=3,, ", [["a", "1"], ["b", "2=3"]]),
            ("Authorization=Basic%20eDp5%3D", [["Authorization", "Basic eDp5="]]), ("a=", [["a", ""]]),
            ("api-key=%C3%A9%2C%25", [["api-key", "é,%"]]),
        ] as [(String, [[String]])])
    func readsHeaders(text: String, fields: [[String]]) {
        var variables = OpenTelemetryVariables([Self.headers: text])
        #expect(variables.headers().fields.map { [$0.name, $0.value] } == fields)
        #expect(variables.malformed.isEmpty)
    }

    @Test(
        "A malformed entry is reported without its value",
        arguments: [
            "s3cret", "=s3cret", "a=s3cret%", "a=s3cret%zz", "a=s3cret%FF", "a b=s3cret", "a=s3cret%0D%0AHost:%20x",
            "a=s3cret%00", "\u{212A}ey=s3cret", "a\u{37E}=s3cret", "a=1,s3cret",
        ])
    func malformedHeaders(text: String) {
        var variables = OpenTelemetryVariables([Self.headers: text])
        #expect(variables.headers().fields.isEmpty)
        #expect(variables.malformed.map(\.variable) == [Self.headers])
        #expect(variables.malformed.allSatisfy { !$0.message.contains("s3cret") })
    }

    @Test("The headers for traces replace those for all signals")
    func headersForTraces() {
        var variables = OpenTelemetryVariables([
            Self.headers: "a=1", "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "b=2",
        ])
        #expect(variables.headers() == TracingHeaders([TracingHeaders.Field(name: "b", value: "2")]))
    }

    @Test("No description shows the value of a header")
    func headersAreSecret() {
        let headers = TracingHeaders([TracingHeaders.Field(name: "api-key", value: "s3cret")])
        let destination = TracingDestination(endpoint: "http://c", ratio: 1, headers: headers)
        var dumped = ""
        dump(destination, to: &dumped)
        for text in ["\(headers)", "\(destination)", String(reflecting: destination), dumped] {
            #expect(text.contains("api-key"))
            #expect(!text.contains("s3cret"))
        }
    }

    @Test("OTEL_SERVICE_NAME overrides service.name of OTEL_RESOURCE_ATTRIBUTES")
    func readsTheResource() {
        var variables = OpenTelemetryVariables([
            Self.resource: "service.name=a,deployment.environment.name=pre%20prod", "OTEL_SERVICE_NAME": "tokens",
        ])
        #expect(variables.resource() == ["service.name": "tokens", "deployment.environment.name": "pre prod"])
        var malformed = OpenTelemetryVariables([Self.resource: "a"])
        #expect(malformed.resource().isEmpty)
        #expect(malformed.malformed.map(\.variable) == [Self.resource])
    }

    @Test(
        "The sampler decides about traces that begin in this service",
        arguments: [
            ([:], nil), ([argument: "0.5"], nil), ([sampler: "always_on", argument: "0.5"], 1),
            ([sampler: "parentbased_always_off"], 0), ([sampler: "traceidratio"], 1),
            ([sampler: "parentbased_traceidratio", argument: "0.25"], 0.25),
        ] as [([String: String], Double?)])
    func readsTheSampler(environment: [String: String], ratio: Double?) {
        var variables = OpenTelemetryVariables(environment)
        #expect(variables.ratio() == ratio)
        #expect(variables.malformed.isEmpty)
    }

    @Test(
        "A sampler that Writ does not support is reported",
        arguments: [
            ([sampler: "jaeger_remote"], sampler), ([sampler: "traceidratio", argument: "2"], argument),
            ([sampler: "traceidratio", argument: "x"], argument),
        ])
    func malformedSamplers(environment: [String: String], name: String) {
        var variables = OpenTelemetryVariables(environment)
        #expect(variables.ratio() == nil)
        #expect(variables.malformed.map(\.variable) == [name])
    }
}
