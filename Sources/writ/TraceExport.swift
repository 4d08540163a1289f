import AsyncHTTPClient
import Logging
import NIOCore
import NIOHTTP1
import OTLPTracing
import RemoteKeys
import ServiceLifecycle
import TokenHTTP

/// Sends the service's spans to a collector, as `tracing` of the configuration says.
struct TraceExport: Service {
    let tracer: OTLPTracer

    init(to destination: TracingDestination, logger: Logger) {
        let endpoint = destination.endpoint
        tracer = OTLPTracer(
            serviceVersion: Release.version, samplingRatio: destination.ratio,
            report: { logger.warning("Traces: \($0)") }
        ) { octets in
            var request = HTTPClientRequest(url: endpoint)
            request.method = .POST
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: octets))
            // The time limit of the client ends with the head of the answer.
            let status = try await Deadline.race(.seconds(5)) { [request] in
                let response = try await DocumentDownload.httpClient.execute(request, deadline: .distantFuture)
                // So that the connection can be used again; a long answer is cut off.
                for try await _ in response.body.prefix(64) {}
                return response.status.code
            }
            guard (200..<300).contains(status) else { throw Refusal(status: status) }
        }
    }

    /// Spans that the collector did not get.
    var droppedCount: Int { tracer.droppedCount }

    func run() async {
        await cancelWhenGracefulShutdown { await tracer.run() }
    }

    private struct Refusal: Error, CustomStringConvertible {
        let status: UInt
        var description: String { "the collector answers \(status)" }
    }
}
