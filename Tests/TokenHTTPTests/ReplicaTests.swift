import AccessToken
import Foundation
import JOSE
import LiveState
import OAuth
import ServiceFiles
import ServiceFixture
import SystemPackage
import Testing
import TestSupport

@testable import Signing
@testable import TokenHTTP

/// Three replicas share one folder and issue tokens through many rotations, and a verifier caches each key set for its
/// full `max-age`. The test advances the clock; the code is that of the service.
@Suite struct ReplicaTests {
    private struct Replica {
        let reloader: Reloader
        let signer = Signer()

        /// Issues a token as the token endpoint does, without HTTP.
        func token(at now: NumericDate) throws -> String {
            let snapshot = reloader.snapshots.current
            let request = try TokenRequest(
                parsing: EndpointRequest(
                    url: "https://tokens.example.com/oauth2/token",
                    fields: .init(contentType: "application/x-www-form-urlencoded"),
                    body: Array("grant_type=client_credentials&client_id=tenant&client_secret=writ_cs_fixture".utf8)))
            let client = try #require(
                try snapshot.clients.authenticate(request.credentials, verified: .none, now: now).provenClient)
            let grant = try client.authorize(
                request, policy: snapshot.policy, sealer: snapshot.sealer, now: now)
            let token = UnsignedAccessToken(
                for: grant, key: snapshot.signingKey(at: now), policy: snapshot.policy, id: TokenID("1"), now: now)
            let signature = try signer.signature(
                over: token.signingInput.octets, with: #require(token.key.privateKey), token.key.scheme)
            return String(decoding: token.signingInput.compact(with: signature), as: UTF8.self)
        }

        var keySet: JWKSet { JWKSet(reloader.snapshots.current.keys.filter { $0.state != .expired }.map(\.jwk)) }
    }

    /// A token with the times at which it is to be verified, the last of them just before it expires.
    private struct Outstanding {
        let token: String
        let moments: [NumericDate]
    }

    /// A resource server that caches a key set for as long as it may.
    private struct Verifier {
        let issuer: Issuer
        var cached: (keys: JWKSet, since: NumericDate)

        mutating func refresh(from replica: Replica, now: NumericDate) {
            if cached.since + KeyTiming.standard.keySetMaximumAge <= now { cached = (replica.keySet, now) }
        }

        func verifies(_ token: String, at now: NumericDate) -> Bool {
            let verified = try? VerifiedAccessToken(
                verifying: token, keys: cached.keys, issuer: issuer, audience: Audience(issuer), now: now, leeway: .zero
            )
            return verified != nil
        }
    }

    /// Runs `rotations` of ten minutes each, and counts the verifications that failed.
    private func run(
        rotations: Int, delay: Duration, timing: KeyTiming = .standard
    ) throws -> (issued: Int, failed: Int, keys: Int) {
        let text = "issuer: https://tokens.example.com\naccess_token: {algorithm: ES256, lifetime: 5m}\n"
        let fixture = try ServiceFixture(configuration: text, keyFile: "p256.pem")
        let keys = fixture.configuration.keys
        var now = ServiceFixture.now
        let replicas = try (0..<3).map { _ in Replica(reloader: try fixture.reloader(timing: timing, now: now)) }
        var verifier = Verifier(issuer: fixture.configuration.issuer, cached: (replicas[0].keySet, now))
        var outstanding: [Outstanding] = []
        var counts = (issued: 0, failed: 0)
        var keyIDs: Set<String> = []
        for rotation in 0..<rotations {
            let new = try keys.signing.rotate(
                in: delay, isForced: true, longestLifetime: .seconds(300), now: now, timing: timing
            ).new
            try fixture.folder.setTime(of: "keys/\(new.name)", toSecondsSince1970: now.seconds)
            for step in 0..<60 {
                // The replicas check the folder at different times, so they notice the new file at different times.
                for (index, replica) in replicas.enumerated() where (step + index) % 3 != 0 {
                    replica.reloader.look(now: now)
                }
                verifier.refresh(from: replicas[(rotation + step) % 3], now: now)
                for replica in replicas {
                    let middle = now + .seconds(150)
                    outstanding.append(
                        Outstanding(token: try replica.token(at: now), moments: [now, middle, now + .seconds(290)]))
                    counts.issued += 1
                    keyIDs.insert(replica.reloader.snapshots.current.signingKey(at: now).keyID)
                }
                for due in outstanding where due.moments.contains(now) {
                    if !verifier.verifies(due.token, at: now) { counts.failed += 1 }
                }
                outstanding.removeAll { $0.moments.allSatisfy { $0 <= now } }
                now = now + .seconds(10)
            }
        }
        return (counts.issued, counts.failed, keyIDs.count)
    }

    @Test("No token fails verification through twenty rotations of three replicas")
    func noTokenFailsThroughTwentyRotations() throws {
        let result = try run(rotations: 20, delay: KeyTiming.standard.announcement)
        #expect(result.issued == 3600)
        #expect(result.failed == 0)
        #expect(result.keys == 21)
    }

    @Test("Every replica holds an unannounced key back, so no token fails verification")
    func aKeyThatIsNotAnnouncedIsHeldBackByEveryReplica() throws {
        #expect(try run(rotations: 5, delay: .zero).failed == 0)
    }

    @Test("Without an announcement of new keys, some tokens fail verification")
    func withoutTheAnnouncementSomeTokensFail() throws {
        let hasty = KeyTiming(keySetMaximumAge: .zero, leeway: .zero)
        #expect(try run(rotations: 5, delay: .zero, timing: hasty).failed > 0)
    }

    @Test("Without the retention of former keys, some tokens fail verification")
    func withoutTheRetentionSomeTokensFail() throws {
        let forgetful = KeyTiming(keySetMaximumAge: .seconds(300), leeway: .seconds(-300))
        #expect(try run(rotations: 5, delay: KeyTiming.standard.announcement, timing: forgetful).failed > 0)
    }
}
