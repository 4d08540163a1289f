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
            let response = try await BoundedDownload.httpClient.execute(request, timeout: .seconds(5))
            _ = try await response.body.collect(upTo: 64 * 1024)
            guard (200..<300).contains(response.status.code) else { throw Refusal(status: response.status.code) }
        }
    }

    func run() async {
        await cancelWhenGracefulShutdown { await tracer.run() }
    }

    private struct Refusal: Error, CustomStringConvertible {
        let status: UInt
        var description: String { "the collector answers \(status)" }
    }
}
