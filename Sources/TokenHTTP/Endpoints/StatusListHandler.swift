import AccessToken
import HTTPEdge
import LiveState
import NIOHTTP1
import OAuth
import WireText

/// `GET` of a status list, and of the list of all of them: draft-ietf-oauth-status-list sections 8 and 9.3.
struct StatusListHandler: Sendable {
    let publisher: StatusListPublisher
    let snapshots: SnapshotStore
    /// The path of the list of all lists.
    let path: String
    /// The URLs of all lists.
    let urls: StatusListURLs
    let now: @Sendable () -> NumericDate
    private let allLists = AllStatusLists()
    /// Seconds for `Retry-After`. They are random, so that verifiers do not retry together.
    var retryDelay: @Sendable () -> Int = { .random(in: 1...4) }

    /// What a path stands for.
    enum Resource {
        case list(NumericDate)
        case allLists
        /// A path below that of the lists that no list has.
        case none
    }

    /// What stands at `path`; `nil` if that is not below the path of the lists.
    func resource(at path: String) -> Resource? {
        if Octets(path).isSame(as: self.path) { return .allLists }
        guard Octets(path).begins(with: self.path + "/") else { return nil }
        return StatusListURLs(below: self.path).list(at: path).map { .list($0) } ?? Resource.none
    }

    /// The answer to GET and HEAD for a list.
    func response(to request: Request, _ list: NumericDate) async -> Response {
        // Draft section 8.4: lists of an earlier time are not offered.
        guard !asksForAnotherTime(request) else { return .refusal(TokenRefusal(.anotherTimeOfList)) }
        let now = now()
        switch await publisher.list(list, snapshots.current, now: now) {
        case .list(let list): return response(to: request, list, maximumAge: list.maximumAge(at: now))
        case .formerList(let list): return response(to: request, list, maximumAge: 1)
        case .none: return .notFound
        case .tooMany, .failed: return .refusal(TokenRefusal(.overloaded, retryAfter: retryDelay()))
        }
    }

    private func response(to request: Request, _ list: PublishedStatusList, maximumAge: Int64) -> Response {
        var response = list.document.response(to: request)
        response.fields.replaceOrAdd(name: "Cache-Control", value: "public, max-age=\(maximumAge)")
        return response
    }

    /// The answer to GET and HEAD for the list of all lists, draft section 9.3: those that tokens may name now.
    func responseWithAllLists(to request: Request) -> Response {
        guard let document = allLists.document(snapshots.current.statusLists, urls, now: now()) else {
            return .refusal(TokenRefusal(.overloaded, retryAfter: retryDelay()))
        }
        return document.response(to: request)
    }

    private func asksForAnotherTime(_ request: Request) -> Bool {
        guard case .path(_, let query?) = request.target else { return false }
        return Octets(query).parts(between: "&").contains { name in
            name.split(at: "=").head.percentDecoded.map { Octets($0).isSame(as: "time") } ?? false
        }
    }
}
