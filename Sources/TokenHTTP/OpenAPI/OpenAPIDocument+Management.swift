import JOSE
import ServiceFiles

extension OpenAPIDocument {
    /// What the management listener answers; nothing where there is none.
    var managementPaths: [Member] {
        guard let address = configuration.management?.local else { return [] }
        let server: JSONLiteral = [
            "url": "http://{management}",
            "description": "Health, metrics and this document.",
            "variables": [
                "management": [
                    "default": .string(address.description),
                    "description": "`management` of the configuration, or where it is reached from elsewhere.",
                ]
            ],
        ]
        return Self.managementAnswers.map { path, summary, answers in
            let item: JSONLiteral = [
                "servers": [server],
                "get": Self.operation(summary, answers, hasContent: true),
                "head": Self.operation("The fields that GET answers with.", answers, hasContent: false),
            ]
            return (path, item)
        }
    }

    private typealias Answer = (status: Int, description: String, mediaType: String, schema: JSONLiteral)

    private static let managementAnswers: [(path: String, summary: String, answers: [Answer])] = [
        ("/healthz", "Whether the process lives.", [(200, "It does.", "text/plain", ["const": "ok\n"])]),
        (
            "/readyz", "Whether the service should get requests.",
            [
                (200, "It should.", "text/plain", ["const": "ok\n"]),
                (503, "Not yet, or no longer.", "text/plain", ["const": "not ready\n"]),
            ]
        ),
        (
            "/metrics", "Numbers for Prometheus.",
            [(200, "Its text format, version 0.0.4.", "text/plain", ["type": "string"])]
        ),
        (
            "/openapi.json", "This document.",
            [
                (
                    200, "OpenAPI 3.1.", "application/json",
                    [
                        "type": "object",
                        "required": ["openapi", "info", "paths"],
                        "properties": ["openapi": ["type": "string", "pattern": #"^3\.1\."#]],
                    ]
                )
            ]
        ),
    ]

    private static func operation(_ summary: String, _ answers: [Answer], hasContent: Bool) -> JSONLiteral {
        let responses = answers.map { answer -> Member in
            var members: [Member] = [("description", .string(answer.description)), ("headers", headers("NoStore"))]
            if hasContent { members.append(("content", [answer.mediaType: ["schema": answer.schema]])) }
            return ("\(answer.status)", .object(members))
        }
        return ["tags": ["management"], "summary": .string(summary), "responses": .object(responses)]
    }
}
