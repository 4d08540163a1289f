import ArgumentParser
import Foundation
import JWTKit
import TokenVerifier
import TokenVerifierTesting

/// Verifies one access token over and over, on one thread, and prints what it cost in CPU time: Writ's verifier with and
/// without cached tokens, and jwt-kit, in turns. A token that is bound to a DPoP key is verified with another proof each time. A
/// token that names a status list is that of an issuer of its own.
@main
struct VerifyBench: AsyncParsableCommand {
    @Option(help: "The issuer.") var issuer: String
    @Option(help: "The audience.") var audience: String
    @Option(help: "A file with the JWK Set.") var jwks: String
    @Option(help: "A file with the token.") var token: String
    @Option(help: "A file with a token that is bound to a DPoP key.") var boundToken: String?
    @Option(help: "A file with proofs for GET requests with that token, one on each line.") var proofs: String?
    @Option(help: "The URL that the proofs are for.") var url: String?
    @Option(help: "Verifications in each round.") var count = 10_000
    @Option(help: "Rounds.") var rounds = 5
    @Flag(help: "Only Writ's verifier, for a profile of it.") var alone = false

    func run() async throws {
        let token = try String(contentsOfFile: token, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        let plain = try verifier(cacheCapacity: 0)
        let remembering = try verifier(cacheCapacity: 1000)
        let keys = JWTKeyCollection()
        try await keys.add(jwksJSON: String(contentsOfFile: jwks, encoding: .utf8))
        let audience = audience
        let bound = try boundRequests()
        let listed = try ListedToken()

        var results: [String: [Double]] = [:]
        for round in 0..<rounds {
            results["TokenVerifier", default: []].append(try await cost { _ = try await plain.verify(token) })
            if alone { continue }
            for (name, verifier) in [("TokenVerifier", plain), ("TokenVerifier, cached", remembering)] {
                guard let bound else { break }
                var requests = bound.requests(of: round).makeIterator()
                results["\(name), DPoP proof by ES256", default: []].append(
                    try await cost(bound.countInRound) {
                        guard let request = requests.next() else { throw ValidationError("there are too few proofs") }
                        _ = try await verifier.verify(bound.token, as: .dpop, in: request)
                    })
            }
            results["TokenVerifier, cached", default: []].append(
                try await cost { _ = try await remembering.verify(token) })
            for (name, verifier) in [
                ("TokenVerifier, status list", listed.plain),
                ("TokenVerifier, cached, status list", listed.remembering),
            ] {
                results[name, default: []].append(try await cost { _ = try await verifier.verify(listed.token) })
            }
            results["jwt-kit", default: []].append(
                try await cost {
                    let claims = try await keys.verify(token, as: Claims.self)
                    try claims.aud.verifyIntendedAudience(includes: audience)
                })
        }
        for (name, values) in results.sorted(by: { $0.key < $1.key }) {
            let sorted = values.sorted()
            let median = sorted[sorted.count / 2]
            print("\(name)\t\(String(format: "%.2f", median * 1e6))\t\(Int(1 / median))")
        }
    }

    private func verifier(cacheCapacity: Int) throws -> AccessTokenVerifier {
        AccessTokenVerifier(
            issuer: try .init(issuer), audience: try .init(audience), keys: .file(jwks),
            cacheCapacity: cacheCapacity)
    }

    /// `nil` without the options for them.
    private func boundRequests() throws -> BoundRequests? {
        guard let boundToken, let proofs, let url else { return nil }
        let lines = try String(contentsOfFile: proofs, encoding: .utf8).split(separator: "\n")
        let token = try String(contentsOfFile: boundToken, encoding: .utf8)
        return BoundRequests(
            token: token,
            requests: lines.map { proof in
                ProtectedResourceRequest(
                    method: "GET", url: url, authorization: ["DPoP \(token)"], dpop: [String(proof)])
            }, rounds: rounds)
    }

    /// Seconds of CPU time for each call, of `count` if nothing else is said, after one that does not count.
    private func cost(_ times: Int? = nil, _ body: () async throws -> Void) async throws -> Double {
        let count = times ?? count
        try await body()
        let start = Self.processTime
        for _ in 0..<count { try await body() }
        return (Self.processTime - start) / Double(count)
    }

    private static var processTime: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// Requests with one token and a proof each, which is good once.
private struct BoundRequests {
    let token: String
    let requests: [ProtectedResourceRequest]
    let rounds: Int

    /// Each round has one more, which does not count.
    var countInRound: Int { requests.count / rounds - 1 }

    func requests(of round: Int) -> ArraySlice<ProtectedResourceRequest> {
        requests.dropFirst(round * (countInRound + 1)).prefix(countInRound + 1)
    }
}

/// A token of RS256 that names a status list of 2^20 entries, and verifiers that need the list.
private struct ListedToken {
    let token: String
    let plain: AccessTokenVerifier
    let remembering: AccessTokenVerifier

    init() throws {
        let issuer = try TestIssuer(algorithm: .rs256)
        let list = TestStatusList(of: issuer, entryCount: 1 << 20)
        token = try issuer.token(scope: "site.read site.documentation", claims: ["status": list.claim(123_456)])
        // With the clock of the machine, as in a program. Each round fetches the list when it is no longer fresh.
        let lists = StatusListRules(.required) { _ in
            FetchedDocument(Array(try list.token().utf8), maximumAge: .seconds(30))
        }
        func verifier(cacheCapacity: Int) throws -> AccessTokenVerifier {
            AccessTokenVerifier(
                issuer: issuer.issuer, audience: try Audience(TestIssuer.audience), keys: issuer.keySource,
                rules: VerificationRules(statusLists: lists), cacheCapacity: cacheCapacity)
        }
        plain = try verifier(cacheCapacity: 0)
        remembering = try verifier(cacheCapacity: 1000)
    }
}

/// What the README of jwt-kit has one write for the claims that Writ's verifier checks.
private struct Claims: JWTPayload {
    let iss: IssuerClaim
    let sub: SubjectClaim
    let aud: AudienceClaim
    let exp: ExpirationClaim
    let iat: IssuedAtClaim
    let jti: IDClaim
    let client_id: String
    let scope: String

    func verify(using _: some JWTAlgorithm) throws {
        try exp.verifyNotExpired()
    }
}
