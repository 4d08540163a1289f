import AccessToken
import AsyncHTTPClient
import Logging
import NIOCore
import NIOHTTP1
import OTLPTracing
import RemoteKeys
import ServiceFiles
import ServiceLifecycle

/// Sends the service's spans to the collector of `tracing` in the configuration or of OpenTelemetry's standard
/// variables.
struct TraceExport: Service {
    let tracer: OTLPTracer

    init(to destination: TracingDestination, logger: Logger) {
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
            request.body = .bytes(ByteBuffer(bytes: octets))
            // The HTTP client's time limit covers only the head of the answer.
            try await Deadline.race(.seconds(5)) { [request] in
                let response = try await DocumentDownload.httpClient.execute(request, deadline: .distantFuture)
                // The body is read so that the connection can be reused. A long one is cut off.
                for try await _ in response.body.prefix(64) {}
                guard (200..<300).contains(response.status.code) else {
                    throw ExportRefusal(
                        status: response.status.code, retryAfter: response.headers.first(name: "Retry-After"))
                }
            }
        }
    }

    /// The number of spans that were dropped.
    var droppedCount: Int { tracer.droppedCount }

    func run() async {
        await cancelWhenGracefulShutdown { await tracer.run() }
    }
}
