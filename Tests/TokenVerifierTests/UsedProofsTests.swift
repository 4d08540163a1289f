import AccessToken
import JOSE
import Libcrypto
import Testing
import TokenVerifierTesting

@testable import TokenVerifier

/// RFC 9449 section 11.1: a proof is good once, and the record of used proofs is bounded.
@Suite struct UsedProofsTests {
    private static let now = NumericDate(1_795_000_000)
    private let signer: DPoPProofSigner
    private let target: TargetURI

    init() throws {
        signer = try DPoPProofSigner(SignatureAlgorithm.es256.makeKey())
        target = try TargetURI("https://api.example.com/")
    }

    private func proof(at now: NumericDate = now, by other: DPoPProofSigner? = nil) throws -> DPoPProof {
        let text = try (other ?? signer).proof(method: "GET", target: target, now: now)
        return try DPoPProof(fields: [text], method: "GET", target: target, accessToken: nil, now: now)
    }

    @Test("A proof is the first use once, also as long as a clock that is behind takes it for fresh")
    func once() throws {
        let used = UsedProofs(capacity: 100)
        let (first, second) = (try proof(), try proof())
        #expect(try used.use(first, by: "a", now: Self.now) == .first)
        #expect(try used.use(second, by: "a", now: Self.now) == .first)
        for seconds in [0, 30, 60, 61, 100] {
            #expect(try used.use(first, by: "b", now: Self.now + .seconds(seconds)) == .repeated)
        }
        #expect(try used.use(first, by: "a", now: Self.now - .seconds(60)) == .repeated)
    }

    @Test("A clock that goes ahead for a moment drops nothing")
    func clockAhead() throws {
        let used = UsedProofs(capacity: 100)
        let proof = try proof()
        #expect(try used.use(proof, by: "a", now: Self.now) == .first)
        let later = try self.proof(at: Self.now + .seconds(100_000))
        #expect(try used.use(later, by: "a", now: Self.now + .seconds(100_000)) == .first)
        #expect(try used.use(proof, by: "a", now: Self.now) == .repeated)
    }

    @Test("Proofs that are too old are dropped")
    func dropsExpired() throws {
        // One part: others are cleared when a proof falls into them.
        let used = UsedProofs(capacity: 1000)
        var now = Self.now
        for _ in 0..<20 {
            for _ in 0..<10 { #expect(try used.use(proof(at: now), by: "a", now: now) == .first) }
            now = now + .seconds(60)
            // Those of the last five minutes at most.
            #expect(used.count <= 50)
        }
        #expect(used.count >= 20)
    }

    @Test("The record is bounded, and refuses if it is full; proofs that are too old make room")
    func bounded() throws {
        let used = UsedProofs(capacity: 4)
        var outcomes: [UsedProofs.Use] = []
        for client in ["a", "b", "c", "d", "e", "f"] {
            outcomes.append(try used.use(proof(), by: client, now: Self.now))
        }
        #expect(outcomes == [.first, .first, .first, .first, .full, .full])
        #expect(used.count == 4)
        let later = Self.now + .seconds(61)
        #expect(try used.use(proof(at: later), by: "e", now: later) == .first)
        #expect(used.count == 1)
        #expect(try UsedProofs(capacity: 0).use(proof(), by: "a", now: Self.now) == .full)
    }

    @Test("A client in a loop leaves half of the record to the others, however many keys it has")
    func fairness() throws {
        let used = UsedProofs(capacity: 8)
        for number in 0..<20 {
            let proof = try proof(by: DPoPProofSigner(SignatureAlgorithm.es256.makeKey()))
            #expect(try used.use(proof, by: "loop", now: Self.now) == (number < 4 ? .first : .full))
        }
        #expect(try used.use(proof(), by: "other", now: Self.now) == .first)
    }

    @Test("Of many uses of one proof at once one is the first")
    func concurrent() async throws {
        let used = UsedProofs(capacity: 10_000)
        let proofs = try (0..<20).map { _ in try proof() }
        let firsts = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    try proofs.count { try used.use($0, by: "a", now: Self.now) == .first }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(firsts == proofs.count)
    }
}
