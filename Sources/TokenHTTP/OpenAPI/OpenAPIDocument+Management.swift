import JOSE

extension OpenAPIDocument {
    /// What the management listener answers; nothing where there is none.
    var managementPaths: [(String, JSONValue)] {
        guard let address = configuration.management?.local else { return [] }
        let server: JSONValue = [
            "url": "http://{management}",
            "description": "Health, metrics and this document.",
            "variables": [
                "management": [
                    "default": .string(address.description),
                    "description": "`management` of the configuration, or where it is reached from elsewhere.",
                ]
            ],
        ]
        let text = "text/plain"
        let paths: [(path: String, summary: String, answers: [(String, JSONValue)])] = [
            ("/healthz", "Whether the process lives.", [Self.answer(200, "It does.", text, ["const": "ok\n"])]),
            (
                "/readyz", "Whether the service should get requests.",
                [
                    Self.answer(200, "It should.", text, ["const": "ok\n"]),
                    Self.answer(503, "Not yet, or no longer.", text, ["const": "not ready\n"]),
                ]
            ),
            (
                "/metrics", "Numbers for Prometheus.",
                [Self.answer(200, "Its text format 0.0.4.", text, ["type": "string"])]
            ),
            (
                "/openapi.json", "This document.",
                [Self.answer(200, "OpenAPI 3.1.", "application/json", Self.descriptionOfItself)]
            ),
        ]
        return paths.map { path in
            let item: JSONValue = [
                "servers": [server],
                "get": Self.operation(path.summary, JSONValue(members: path.answers)),
                "head": Self.operation(
                    "The fields that GET answers with.",
                    JSONValue(members: path.answers.map { ($0.0, Self.withoutContent($0.1)) })),
            ]
            return (path.path, item)
        }
    }

    private static func operation(_ summary: String, _ responses: JSONValue) -> JSONValue {
        ["tags": ["management"], "summary": .string(summary), "responses": responses]
    }

    private static func answer(
        _ status: Int, _ description: String, _ mediaType: String, _ schema: JSONValue
    ) -> (String, JSONValue) {
        let answer: JSONValue = [
            "description": .string(description),
            "headers": headers("NoStore"),
            "content": [mediaType: ["schema": schema]],
        ]
        return ("\(status)", answer)
    }

    private static func withoutContent(_ answer: JSONValue) -> JSONValue {
        JSONValue(members: (answer.object?.members ?? []).filter { $0.name != "content" }.map { ($0.name, $0.value) })
    }

    private static let descriptionOfItself: JSONValue = [
        "type": "object",
        "required": ["openapi", "info", "paths"],
        "properties": ["openapi": ["type": "string", "pattern": #"^3\.1\."#]],
    ]
}
