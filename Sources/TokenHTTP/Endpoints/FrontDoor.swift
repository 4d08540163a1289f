import HTTPTypes
import Hummingbird
import OAuth

/// Sends each request of the public listener where it belongs.
///
/// There are two kinds of resource, the token endpoint and documents; a table of paths says it shorter than a router,
/// and knows which methods a path has.
struct FrontDoor: HTTPResponder {
    typealias Context = BasicRequestContext

    let tokenPath: String
    let tokenEndpoint: TokenEndpoint
    let snapshots: SnapshotStore

    func respond(to request: Request, context: Context) async throws -> Response {
        let path = request.uri.path
        if path == tokenPath {
            guard request.method == .post else { return ErrorResponse.methodNotAllowed(allow: "POST") }
            return await tokenEndpoint.response(to: request)
        }
        if let document = snapshots.current.documents[path] {
            guard request.method == .get || request.method == .head else {
                return ErrorResponse.methodNotAllowed(allow: "GET, HEAD")
            }
            return document.response(to: request)
        }
        return ErrorResponse.notFound
    }
}
