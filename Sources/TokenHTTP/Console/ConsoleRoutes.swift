import HTTPEdge
import NIOCore
import NIOHTTP1
import WireText

/// The paths of the console on the management listener.
struct ConsoleRoutes: Sendable {
    private let access: ConsoleAccess
    private let document: ConsoleDocument
    private let writer: ConsoleStateWriter
    private let events: ConsoleEvents

    enum Path: String, CaseIterable {
        case page = "/console"
        case state = "/console/state.json"
        case events = "/console/events"

        /// - Returns: `nil` for any other path. Paths are compared octet for octet.
        init?(exactly path: String) {
            guard let path = Self.allCases.first(where: { $0.rawValue.isSameText(as: path) }) else { return nil }
            self = path
        }
    }

    init(
        access: ConsoleAccess, document: ConsoleDocument, writer: ConsoleStateWriter, events: ConsoleEvents
    ) {
        self.access = access
        self.document = document
        self.writer = writer
        self.events = events
    }

    /// - Parameters:
    ///   - request: GET or HEAD.
    ///   - query: what follows the question mark.
    func reply(to request: Request, _ path: Path, query: String?, on loop: any EventLoop) -> Reply {
        switch access.decision(on: request) {
        // RFC 9110 section 15.5.20
        case .foreignHost:
            return Self.refuse(
                .misdirectedRequest, "Call the console by an address, localhost or the host of management.")
        case .foreignPage: return Self.refuse(.forbidden, "Another site asked for this.")
        case .allowed: break
        }
        return switch path {
        case .page: .now(document.response)
        case .state: state(query, on: loop)
        case .events: stream(request)
        }
    }

    private func state(_ query: String?, on loop: any EventLoop) -> Reply {
        guard let query = ConsoleQuery(query) else {
            return Self.refuse(.badRequest, "The query is not one of the console.")
        }
        let promise = loop.makePromise(of: Response.self)
        let isAccepted = writer.document(query) { document in
            promise.succeed(.ofConsole(document, mediaType: "application/json"))
        }
        if !isAccepted { promise.succeed(Self.busy) }
        return .later(promise.futureResult)
    }

    private func stream(_ request: Request) -> Reply {
        guard request.method == .GET else { return .now(.ofConsole(ByteBuffer(), mediaType: Self.eventsType)) }
        guard let source = events.open() else { return .now(Self.busy) }
        return .stream(.ofConsole(ByteBuffer(), mediaType: Self.eventsType), source)
    }

    private static let eventsType = "text/event-stream"

    private static var busy: Response {
        var response = text(.tooManyRequests, "Too many pages of the console are open.")
        response.fields.add(name: "Retry-After", value: "10")
        return response
    }

    private static func refuse(_ status: HTTPResponseStatus, _ text: String) -> Reply { .now(Self.text(status, text)) }

    private static func text(_ status: HTTPResponseStatus, _ text: String) -> Response {
        .ofConsole(ByteBuffer(string: text + "\n"), status: status, mediaType: "text/plain; charset=utf-8")
    }
}
