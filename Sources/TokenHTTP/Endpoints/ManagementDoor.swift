import HTTPTypes
import Hummingbird

/// What the management listener answers: whether the process lives, and whether it should get requests.
struct ManagementDoor: HTTPResponder {
    typealias Context = BasicRequestContext

    let readiness: Readiness

    func respond(to request: Request, context: Context) async throws -> Response {
        let isReady: Bool
        switch request.uri.path {
        case "/healthz": isReady = true
        case "/readyz": isReady = readiness.isReady
        default: return ErrorResponse.notFound
        }
        guard request.method == .get || request.method == .head else {
            return ErrorResponse.methodNotAllowed(allow: "GET, HEAD")
        }
        let text = isReady ? "ok\n" : "not ready\n"
        return Response(
            status: isReady ? .ok : .serviceUnavailable,
            headers: [
                .contentType: "text/plain; charset=utf-8", .cacheControl: "no-store",
                .contentLength: String(text.utf8.count),
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
