package import AccessToken

/// What the server of a Status List has answered.
package enum StatusListAnswer: Sendable, Equatable {
    /// The list, signed by the issuer.
    case list(StatusListToken)
    /// The issuer has no such list.
    case unknown
    /// The issuer has signed what cannot be read as the list.
    case unreadable(StatusListError)
}

extension RemoteDocument where Value == StatusListAnswer {
    /// ``cached``, specialized for Status Lists. A resource server reads it for each request, and another module would call
    /// the generic code.
    package var cachedAnswer: StatusListAnswer? { cached?.value }
}

extension DocumentDownload {
    /// Fetches a Status List Token in JWT format, draft-ietf-oauth-status-list-21 section 8.1.
    package func fetchStatusListToken() async throws(DocumentFetchError) -> FetchedDocument<[UInt8]> {
        try await fetch(accepting: "application/statuslist+jwt") { (body) throws(DocumentFetchError) in body }
    }
}
