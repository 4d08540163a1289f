import ServiceFiles

extension OpenAPIDocument {
    /// The paths of the console. The members of its documents are those of this version.
    func consolePaths(_ address: ListenAddress) -> [(String, String)] {
        [
            path(.page, "A page for operators.", "The page.", "text/html", address),
            path(.state, "What the page shows.", "Keys, clients, issuers and files.", "application/json", address),
            path(
                .events, "What happens, as server-sent events that go on.", "An event each second.",
                "text/event-stream", address),
        ]
    }

    private func path(
        _ path: ConsoleRoutes.Path, _ summary: String, _ description: String, _ mediaType: String,
        _ address: ListenAddress
    ) -> (String, String) {
        let text = #"{"type": "string"}"#
        let schema = path == .state ? #"{"type": "object"}"# : text
        let refusals = [
            (400, "A query that is not one of the console."), (403, "A page of another site asks."),
            (421, "The listener was called by a name that is not the operator's."),
            (429, "Too many pages are open."),
        ].filter { status, _ in status > 400 && status < 429 || path != .page && (status == 429 || path == .state) }
        return (
            path.rawValue,
            managementPath(
                address, summary: summary,
                [(200, description, mediaType, schema)] + refusals.map { ($0, $1, "text/plain", text) })
        )
    }
}
