import AccessToken
import Admission
import Libcrypto
import LiveState
import Logging
import NIOCore
import NIOPosix
import OAuth
import ServiceFiles
import ServiceFixture
import Telemetry

@testable import Signing
@testable import TokenHTTP

extension ServiceFixture {
    /// The token router for the files of the fixture's folder, with a clock that stands still.
    ///
    /// - Parameters:
    ///   - signers: the pool of signer threads; by default one with two threads.
    ///   - authenticator: by default one with an empty state.
    ///   - retryDelay: the `Retry-After` of a service that is overloaded or cannot sign, in seconds.
    func tokenRouter(
        _ signers: SignerPool? = nil, authenticator: ClientAuthenticator? = nil,
        uses: ClientUses = ClientUses(start: NumericDate(0)),
        retryDelay: @escaping @Sendable () -> Int = { 1 },
        makeTokenID: @escaping @Sendable () throws(LibcryptoError) -> TokenID = { TokenID("jti-of-the-exchange") },
        report: @escaping @Sendable (RequestEvent) -> Void = { _ in },
        reportRefusal: @escaping @Sendable (HTTPEvent) -> Void = { _ in }
    ) throws -> TokenRouter {
        let replays = try ReplayCache(start: NumericDate(.min))
        let authenticator =
            try authenticator
            ?? ClientAuthenticator(
                limits: .standard, audiences: configuration.assertionAudiences(at:),
                passwordChecks: PasswordChecks(threadCount: 1, capacity: 8),
                verifiedSecrets: VerifiedSecretCache().secrets, keySets: ClientKeySets { _ in },
                usedAssertions: replays)
        let snapshots = SnapshotStore(try snapshot())
        let readiness = Readiness()
        readiness.begin()
        let signers = signers ?? SignerPool(threadCount: 2, wait: .seconds(60))
        let shell = EndpointShell(trustedProxies: { TrustedProxies(.none) }, retryDelay: retryDelay, report: report)
        return TokenRouter(
            paths: configuration.endpoints,
            tokenEndpoint: TokenEndpointHandler(
                shell: shell, snapshots: snapshots, authenticator: authenticator,
                issuer: TokenIssuer(signers, makeTokenID: makeTokenID), usedProofs: replays, uses: uses,
                path: configuration.endpoints.token, url: "https://tokens.example.com/oauth2/token",
                now: { Self.now }),
            introspectionEndpoint: IntrospectionEndpointHandler(
                shell: shell, snapshots: snapshots, authenticator: authenticator, signers: signers,
                path: configuration.endpoints.introspection, url: "https://tokens.example.com/oauth2/introspect",
                now: { Self.now }),
            revocationEndpoint: RevocationEndpointHandler(
                shell: shell, snapshots: snapshots, authenticator: authenticator,
                revoker: ClientRevoker(
                    files: FilesThread(), logger: Logger(label: "test"), write: { _, _, _ in }, reload: { _ in }),
                path: configuration.endpoints.revocation, url: "https://tokens.example.com/oauth2/revoke",
                now: { Self.now }),
            statusLists: StatusListHandler(
                publisher: StatusListPublisher(urls: configuration.policy.statusLists) {
                    try await signers.signForService($0.signingInput, with: $0.key)
                },
                snapshots: snapshots, path: configuration.endpoints.statusLists, urls: configuration.policy.statusLists,
                now: { Self.now }),
            snapshots: snapshots,
            readiness: readiness, tasks: EventLoopTasks(MultiThreadedEventLoopGroup.singleton),
            pacing: RetryPacing(interval: .zero) { _ in true },
            reportTime: { _, _ in }, report: reportRefusal)
    }
}
