import AccessToken
import JOSE
import OAuth
import ServiceFiles

/// What a revocation does, and by when each verifier knows of it.
struct RevocationPlan {
    /// `nil` for all clients.
    private let id: ClientID?
    private let delay: Duration?
    private let mayRefresh: Bool
    /// Whether status lists say that its access tokens are revoked.
    private let isListed: Bool
    /// The client that has its place in the status lists, if that is another one.
    private let holder: ClientID?
    /// The lifetime of its access tokens.
    private let lifetime: Duration

    /// How long a verifier that checks a status list uses it before it fetches another one, and two seconds.
    private static let listDelay: Duration = StatusListSchedule.timeToLive + .seconds(2)

    /// - Throws: ``ClientsFileEditError/noSuchClient`` if no client has this identifier.
    init(of id: ClientID?, delay: Duration?, _ configuration: ServiceConfiguration) throws {
        self.id = id
        self.delay = delay
        if let id { try configuration.clientsEditor.checkEntry(of: id) }
        let reading = try configuration.clients.read(context: configuration.clientsContext)
        let displaced = reading.displaced
        holder = displaced.first { $0.id == id }?.holder
        let all = reading.clients + displaced.compactMap(\.client)
        let clients = id.map { id in all.filter { $0.id == id } } ?? all
        // An entry that does not check may be any client in a running service.
        let isKnown = id == nil || !clients.isEmpty
        mayRefresh = !isKnown || clients.contains { $0.grantTypes.contains(.refreshToken) }
        isListed = configuration.listsStatus && clients.allSatisfy(\.isInStatusLists)
        lifetime =
            isKnown
            ? clients.map { $0.accessTokenLifetime ?? configuration.accessTokenLifetime }.max()
                ?? configuration.accessTokenLifetime
            : configuration.longestAccessTokenLifetime
    }

    /// The next whole second, so that what is issued in this one is revoked too; or later.
    func moment(after now: NumericDate) -> NumericDate { now + (delay ?? .seconds(1)) }

    var subject: String {
        let tokens = mayRefresh ? "access tokens and refresh tokens" : "access tokens"
        return "the \(tokens) of \(id.map { $0.description } ?? "all clients")"
    }

    /// What else is revoked; `nil` if nothing is.
    var warning: String? {
        holder.map { "its place in the status lists is that of \($0), whose access tokens are refused with its own" }
    }

    /// By when each verifier knows.
    func consequences(at moment: NumericDate) -> [String] {
        let end = (moment + lifetime).rfc3339
        let introspection = "Introspection reports them as inactive from \(moment.rfc3339) on."
        guard isListed else {
            let reason =
                id == nil
                ? "access_token.status_list is off, or a client is not in the status lists"
                : "access_token.status_list is off, or off for this client"
            return [
                introspection,
                "Verifiers that do not introspect do not see it (\(reason)): the last of these access tokens expires by \(end).",
            ]
        }
        return [
            introspection,
            "Verifiers that check the status list refuse them by \((moment + Self.listDelay).rfc3339).",
            "Other verifiers do not see it: the last of these access tokens expires by \(end).",
        ]
    }

    func write(to writer: inout JSONWriter, at moment: NumericDate) {
        writer.object { object in
            object.member("client_id", id.map { .string($0.description) } ?? .null)
            object.member("not_before", moment.rfc3339)
            object.member("refresh_tokens", .bool(mayRefresh))
            object.member("status_list_by", isListed ? .string((moment + Self.listDelay).rfc3339) : .null)
            object.member("expired_by", (moment + lifetime).rfc3339)
        }
    }
}
