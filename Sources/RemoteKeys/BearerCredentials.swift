package import AccessToken
import NIOPosix
import WireText

/// A bearer token, RFC 6750 section 2.1, for a server that asks for one before it gives its keys. It is read anew for each
/// request, since what writes it replaces it.
package struct BearerCredentials: Sendable {
    private let origin: HTTPOrigin
    private let read: @Sendable () throws -> String

    /// - Parameters:
    ///   - url: the token is sent to the origin of this URL alone.
    ///   - read: reads the token, which may block. Its error is a reason for operators.
    /// - Throws: for a text that is no http or https URL.
    package init(forOriginOf url: String, read: @escaping @Sendable () throws -> String) throws(InvalidValue) {
        origin = try HTTPOrigin(of: AbsoluteURI(url))
        self.read = read
    }

    /// Whether the URL has the origin that the token is for.
    func are(for url: String) -> Bool {
        guard let uri = try? AbsoluteURI(url), let other = try? HTTPOrigin(of: uri) else { return false }
        return origin.withoutDefaultPort.isSameText(as: other.withoutDefaultPort)
    }

    /// - Throws: ``DocumentFetchError/Code/unreadableFile``, also for a text that no header field may have.
    func token() async throws(DocumentFetchError) -> String {
        let token: String
        do { token = try await NIOThreadPool.singleton.runIfActive { try self.read() } } catch {
            throw DocumentFetchError(.unreadableFile, "\(error)")
        }
        guard Octets(token).isVisibleASCII, !token.isEmpty else {
            throw DocumentFetchError(.unreadableFile, "its bearer token is empty or has other characters than ASCII")
        }
        return token
    }
}
