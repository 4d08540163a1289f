import AccessToken
import JOSE
import OAuth
import WireText

/// The clients of one answer: those that a query finds, sorted, and a page of them.
struct ConsoleClients {
    private let rows: ArraySlice<ClientRow>
    private let offset: Int
    private let foundCount: Int
    private let count: Int
    private let refusedCount: Int

    /// - Parameters:
    ///   - refusedCount: how many entries of the clients file do not check.
    ///   - lastUse: when a client last got a token; `nil` if that is not known.
    init(
        _ clients: ClientRegistry, refusedCount: Int, _ query: ConsoleQuery,
        lastUse: (ClientID) -> NumericDate?
    ) {
        var rows: [ClientRow] = []
        for client in clients.all where query.isFound(client) {
            rows.append(ClientRow(client: client, expiry: client.credentialEnd, lastToken: lastUse(client.id)))
        }
        rows.sort { Self.isBefore($0, $1, query) }
        foundCount = rows.count
        // A page that is gone is the last one.
        let last = rows.isEmpty ? 0 : (rows.count - 1) / ConsoleQuery.limit * ConsoleQuery.limit
        offset = min(query.offset, last)
        self.rows = rows[offset...].prefix(ConsoleQuery.limit)
        count = clients.count
        self.refusedCount = refusedCount
    }

    private static func isBefore(_ first: ClientRow, _ second: ClientRow, _ query: ConsoleQuery) -> Bool {
        let ids = (first.client.id.description, second.client.id.description)
        func isBefore(_ a: NumericDate?, _ b: NumericDate?) -> Bool {
            switch (a, b) {
            case (let a?, let b?) where a != b: query.isDescending ? b < a : a < b
            case (_?, nil): true
            case (nil, _?): false
            default: ids.0 < ids.1
            }
        }
        return switch query.sort {
        case .clientID: query.isDescending ? ids.1 < ids.0 : ids.0 < ids.1
        case .expiry: isBefore(first.expiry, second.expiry)
        case .lastToken: isBefore(first.lastToken, second.lastToken)
        }
    }

    func write(to writer: inout JSONWriter) {
        writer.object { object in
            object.member("count", Int64(count))
            object.member("refused", Int64(refusedCount))
            object.member("found", Int64(foundCount))
            object.member("offset", Int64(offset))
            object.member("limit", Int64(ConsoleQuery.limit))
            object.name("entries")
            object.array { array in
                for row in rows { row.write(to: &array) }
            }
        }
    }
}

/// A client with what it is sorted by.
private struct ClientRow {
    let client: Client
    let expiry: NumericDate?
    let lastToken: NumericDate?

    /// Texts of an operator may be of any length.
    private static let longestText = 500

    func write(to writer: inout JSONWriter) {
        writer.object { object in
            object.member("client_id", client.id.description)
            if let name = client.name { object.member("client_name", Self.bounded(name)) }
            object.member("scope", Self.bounded(client.scope.description))
            object.member(
                "audiences", (client.resources + client.audiences).prefix(10).map { Self.bounded($0.description) })
            object.member("methods", client.authenticationMethods.map(\.rawValue))
            if let expiry { object.member("expires_at", expiry.seconds) }
            if let lastToken { object.member("last_token_at", lastToken.seconds) }
        }
    }

    private static func bounded(_ text: String) -> String {
        guard text.utf8.count > longestText else { return text }
        return String(decoding: text.utf8.prefix(longestText), as: UTF8.self) + "..."
    }
}

extension ConsoleQuery {
    fileprivate func isFound(_ client: Client) -> Bool {
        find.isEmpty || contains(client.id.description) || client.name.map(contains) == true
    }

    private func contains(_ text: String) -> Bool {
        text.utf8.map(ASCII.lowercased).firstRange(of: find) != nil
    }
}
