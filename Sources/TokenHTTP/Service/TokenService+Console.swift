import AccessToken
import Admission
import LiveState
import OAuth
import ServiceFiles
import Signing

extension TokenService {
    /// The console of the management listener; `nil` if it is off.
    ///
    /// - Parameters:
    ///   - address: `management`
    ///   - uses: when clients last got a token.
    ///   - connectionCount: how many connections clients hold open at the token listener.
    /// - Throws: if libcrypto cannot hash.
    func consoleRoutes(
        _ address: ListenAddress, _ readiness: Readiness, _ signers: SignerPool, _ issuerKeys: IssuerKeySets,
        _ uses: ClientUses, connectionCount: @escaping @Sendable () -> Int
    ) throws -> ConsoleRoutes? {
        guard configuration.console else { return nil }
        let source = ConsoleSource(
            reloader: reloader, metrics: metrics, readiness: readiness, issuerKeys: issuerKeys,
            signatures: { (signers.waitingCount, signers.capacity) }, connectionCount: connectionCount,
            lastUse: { uses.lastUse(of: $0) }, now: { .now })
        return ConsoleRoutes(
            access: ConsoleAccess(host: address.host), document: try ConsoleDocument(),
            writer: ConsoleStateWriter { source.state($0) }, events: ConsoleEvents { source.numbers })
    }
}
