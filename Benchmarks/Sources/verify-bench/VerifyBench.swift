import ArgumentParser
import Foundation
import JWTKit
import TokenVerifier

/// Verifies one access token over and over, on one thread, and prints what it cost in CPU time: Writ's verifier with and
/// without cached tokens, and jwt-kit, in turns.
@main
struct VerifyBench: AsyncParsableCommand {
    @Option(help: "The issuer.") var issuer: String
    @Option(help: "The audience.") var audience: String
    @Option(help: "A file with the JWK Set.") var jwks: String
    @Option(help: "A file with the token.") var token: String
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

        var results: [String: [Double]] = [:]
        for _ in 0..<rounds {
            results["TokenVerifier", default: []].append(try await cost { _ = try await plain.verify(token) })
            if alone { continue }
            results["TokenVerifier, cached", default: []].append(
                try await cost { _ = try await remembering.verify(token) })
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

    /// Seconds of CPU time for each call.
    private func cost(_ body: () async throws -> Void) async throws -> Double {
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
