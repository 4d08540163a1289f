import Hummingbird
import LiveState
import OAuth
import ServiceFiles
import ServiceFixture

@testable import Signing
@testable import TokenHTTP

extension ServiceFixture {
    /// - Parameter signers: a pool; without one, two threads.
    func frontDoor(_ signers: SignerPool? = nil) throws -> FrontDoor {
        let gate = try ClientGate(
            limits: .standard, audiences: configuration.assertionAudiences,
            passwordChecks: PasswordChecks(threadCount: 1, capacity: 8), keySets: ClientKeySets { _, _ in })
        let snapshots = SnapshotStore(try snapshot())
        let readiness = Readiness()
        readiness.begin()
        let services = EndpointServices(
            snapshots: snapshots, gate: gate, trustedProxies: TrustedProxies(networks: []),
            signers: signers ?? SignerPool(threadCount: 2, wait: .seconds(60)), now: { Self.now }, retryDelay: { 1 },
            reportFailure: { _ in },
            report: { _ in })
        return FrontDoor(
            paths: configuration.endpoints,
            tokenEndpoint: TokenEndpoint(
                services: services, makeTokenID: { TokenID("jti-of-the-exchange") }),
            introspectionEndpoint: IntrospectionEndpoint(services: services), snapshots: snapshots,
            readiness: readiness,
            reportTime: { _, _ in })
    }
}
