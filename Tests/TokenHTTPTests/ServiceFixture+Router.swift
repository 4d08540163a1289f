import Admission
import Hummingbird
import Libcrypto
import LiveState
import OAuth
import ServiceFiles
import ServiceFixture
import Telemetry

@testable import Signing
@testable import TokenHTTP

extension ServiceFixture {
    /// The token router for the files of the fixture's folder, with a clock that stands still.
    ///
    /// - Parameter signers: the pool of signer threads; by default one with two threads.
    func tokenRouter(
        _ signers: SignerPool? = nil,
        makeTokenID: @escaping @Sendable () throws(LibcryptoError) -> TokenID = { TokenID("jti-of-the-exchange") },
        report: @escaping @Sendable (RequestEvent) -> Void = { _ in }
    ) throws -> TokenRouter {
        let authenticator = try ClientAuthenticator(
            limits: .standard, audiences: configuration.assertionAudiences,
            passwordChecks: PasswordChecks(threadCount: 1, capacity: 8),
            verifiedSecrets: VerifiedSecretCache().secrets, keySets: ClientKeySets { _, _ in })
        let snapshots = SnapshotStore(try snapshot())
        let readiness = Readiness()
        readiness.begin()
        let signers = signers ?? SignerPool(threadCount: 2, wait: .seconds(60))
        let shell = EndpointShell(trustedProxies: { TrustedProxies(networks: []) }, retryDelay: { 1 }, report: report)
        return TokenRouter(
            paths: configuration.endpoints,
            tokenEndpoint: TokenEndpointHandler(
                shell: shell, snapshots: snapshots, authenticator: authenticator,
                issuer: TokenIssuer(signers, makeTokenID: makeTokenID), url: "https://tokens.example.com/oauth2/token",
                now: { Self.now }),
            introspectionEndpoint: IntrospectionEndpointHandler(
                shell: shell, snapshots: snapshots, authenticator: authenticator, signers: signers,
                url: "https://tokens.example.com/oauth2/introspect", now: { Self.now }), snapshots: snapshots,
            readiness: readiness,
            reportTime: { _, _ in })
    }
}
