package import AccessToken
package import Libcrypto

/// A client that is no longer registered, and whose access tokens may still live: an element of `removed`.
package struct RemovedClient: Sendable, Hashable {
    /// `client_id`
    package let id: ClientID
    /// `status_index`; `nil` if its place follows from its identifier.
    package let statusIndex: Int?
    /// `access_tokens_not_before`
    package let notBefore: NotBefore
    /// Whether no tokens follow. The client of an entry that is out may come back.
    package let isGone: Bool

    package init(id: ClientID, statusIndex: Int?, notBefore: NotBefore, isGone: Bool = true) {
        self.id = id
        self.statusIndex = statusIndex
        self.notBefore = notBefore
        self.isGone = isGone
    }

    /// Its place in the status lists.
    package func statusPlace() throws(LibcryptoError) -> Int { try StatusIndex.place(statusIndex, of: id) }
}
