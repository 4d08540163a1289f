import JOSE

/// The body of `POST /v1/traces` (OTLP/HTTP with JSON; opentelemetry-proto, trace_service.proto).
struct ExportTraceServiceRequest {
    static let scopeName = "writ"

    let resource: ResourceAttributes
    let spans: [SpanRecord]

    /// What has its default is left out.
    var json: [UInt8] {
        var writer = JSONWriter(reservingCapacity: 256 + 512 * spans.count)
        writer.object { request in
            request.name("resourceSpans")
            request.array { array in
                array.object { resourceSpans in
                    resourceSpans.name("resource")
                    resourceSpans.object { $0.members(resource.json) }
                    resourceSpans.name("scopeSpans")
                    resourceSpans.array { $0.object(scopeSpans) }
                }
            }
        }
        return writer.bytes
    }

    private func scopeSpans(_ writer: inout JSONWriter) {
        writer.name("scope")
        writer.object { $0.member("name", Self.scopeName) }
        writer.name("spans")
        writer.array { array in
            for span in spans { array.object { $0.span(span) } }
        }
    }
}
