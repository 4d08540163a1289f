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

    package init(id: ClientID, statusIndex: Int?, notBefore: NotBefore) {
        self.id = id
        self.statusIndex = statusIndex
        self.notBefore = notBefore
    }

    /// Its place in the status lists.
    package func statusPlace() throws(LibcryptoError) -> Int { try StatusIndex.place(statusIndex, of: id) }
}
