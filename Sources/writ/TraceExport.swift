import AccessToken
import AsyncHTTPClient
import Logging
import NIOHTTP1
import OTLPTracing
import RemoteKeys
import ServiceFiles
import ServiceLifecycle

/// Sends the service's spans to the collector of `tracing` in the configuration or of OpenTelemetry's standard
/// variables.
struct TraceExport: Service {
    let tracer: OTLPTracer

    init(to destination: TracingDestination, through http: OutgoingHTTP, logger: Logger) {
        tracer = OTLPTracer(
            serviceVersion: Release.version, resource: destination.resource, samplingRatio: destination.ratio,
            report: { logger.warning("Traces: \($0)") }
        ) { octets in
            var request = HTTPClientRequest(url: destination.endpoint)
            request.method = .POST
            for field in destination.headers.fields {
                request.headers.replaceOrAdd(name: field.name, value: field.value)
            }
            request.headers.replaceOrAdd(name: "Content-Type", value: "application/json")
            request.body = .bytes(octets)
            let answer: HTTPAnswer
            do throws(ConnectionFailure) {
                // Spans are sent every few seconds, so that a kept connection spares handshakes.
                answer = try await http.send(request, within: .seconds(5), keepsConnection: true)
            } catch {
                throw ExportRefusal(
                    noAnswer: error.description, isRetryable: error.code == .refused || error.code == .unknownHost)
            }
            guard (200..<300).contains(answer.status) else {
                throw ExportRefusal(status: answer.status, retryAfter: answer.headers.first(name: "Retry-After"))
            }
        }
    }

    /// The number of spans that were dropped.
    var droppedCount: Int { tracer.droppedCount }

    func run() async {
        await cancelWhenGracefulShutdown { await tracer.run() }
    }
}
