public import AccessToken
import Libcrypto

/// A client that has proven who it is. Only ``ClientRegistry/authenticate(_:now:)`` makes one.
public struct AuthenticatedClient: Sendable {
    /// As the registry had it at that moment.
    public let client: Client
    /// How it did.
    public let method: TokenEndpointAuthenticationMethod

    fileprivate init(_ client: Client, method: TokenEndpointAuthenticationMethod) {
        self.client = client
        self.method = method
    }
}

extension ClientRegistry {
    /// Finds the client that `request` names and checks its secret, RFC 6749 section 3.2.1.
    ///
    /// An unknown client, a wrong or expired secret and a method that the client may not use are told apart neither in
    /// the answer nor in the work: each reading costs one digest, one look-up and a comparison for each secret.
    public func authenticate(_ request: TokenRequest, now: NumericDate) throws(TokenError) -> AuthenticatedClient {
        var authenticated: Client?
        for reading in request.credentials.readings {
            let client = self[reading.clientID]
            let matches = try isSecret(reading.secret, oneOf: client?.secrets ?? [nobody], now: now)
            if matches, authenticated == nil { authenticated = client }
        }
        guard let client = authenticated,
            client.authenticationMethod.map({ $0 == request.credentials.method }) ?? true
        else { throw .invalidClient }
        return AuthenticatedClient(client, method: request.credentials.method)
    }

    /// Compares with every secret, so that the number of the right one does not show.
    private func isSecret(
        _ secret: String, oneOf secrets: [ClientSecret], now: NumericDate
    ) throws(TokenError) -> Bool {
        guard let presented = try? ClientSecretHash(of: secret) else { throw .serverError }
        var matches = false
        for secret in secrets where secret.hash.matches(presented) && secret.isCurrent(at: now) { matches = true }
        return matches
    }
}
