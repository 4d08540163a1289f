import AccessToken
import JOSE
import RemoteKeys
import Synchronization
import TestSupport
import Testing
import TokenVerifier
import TokenVerifierTesting

@Suite struct MultiIssuerTests {
    private let writ: TestIssuer
    private let other: TestIssuer

    init() throws {
        writ = try TestIssuer("https://tokens.example.com")
        other = try TestIssuer("https://sso.example.com/realms/acme")
    }

    private func verifier() throws -> MultiIssuerVerifier {
        try MultiIssuerVerifier([
            writ.verifier(), other.verifier(audience: "orders", rules: VerificationRules(profile: .jwt())),
        ])
    }

    @Test("A token is verified by the verifier of its issuer alone, with that one's keys, audience and rules")
    func choosesByIssuer() async throws {
        let verifier = try verifier()
        #expect(try await verifier.verify(writ.token()).claims.issuer == writ.issuer)
        let foreign = try other.token(audience: "orders", type: "JWT", removing: ["jti", "client_id"])
        #expect(try await verifier.verify(foreign).claims.issuer == other.issuer)
        for (token, rejection) in [
            (try writ.token(type: "JWT"), .wrongType), (try writ.token(audience: "orders"), .wrongAudience),
            (try other.token(), .wrongAudience),
            // Signed with the key of one, in the name of the other.
            (try other.token(claims: ["iss": "https://tokens.example.com"]), .signature(.invalidSignature)),
        ] as [(String, AccessTokenRejection)] {
            await #expect(throws: AccessTokenVerificationError.rejected(rejection)) { try await verifier.verify(token) }
        }
        #expect(verifier.issuers == [writ.issuer, other.issuer])
    }

    @Test("A token of an issuer that is not listed is refused, and no keys are fetched for it")
    func unlistedIssuers() async throws {
        let fetches = Mutex(0)
        let keys = KeySource.remote(
            .keySet { () throws(DocumentFetchError) in
                fetches.withLock { $0 += 1 }
                throw DocumentFetchError(.unreachable)
            })
        let verifier = try MultiIssuerVerifier([
            AccessTokenVerifier(issuer: writ.issuer, audience: try Audience("a"), keys: keys)
        ])
        var tokens = try ["https://evil.example", "https://tokens.example.com/", "https://tokens.example.com\u{301}"]
            .map {
                (try writ.token(claims: ["iss": .string($0)]), AccessTokenRejection.wrongIssuer)
            }
        tokens += try [["iss": 1], ["iss": ["https://tokens.example.com"]]].map {
            (try writ.token(claims: $0), .missingClaim("iss"))
        }
        tokens += ["", "a", "a.b", "a.b.c", ".."].map { ($0, .signature(.malformed)) }
        tokens.append(("e30.e30.e30", .missingClaim("iss")))
        tokens.append((String(repeating: "a", count: 16 * 1024 + 1), .signature(.tooLong)))
        for (token, rejection) in tokens {
            await #expect(throws: AccessTokenVerificationError.rejected(rejection)) { try await verifier.verify(token) }
        }
        #expect(fetches.withLock { $0 } == 0)
        await #expect(throws: AccessTokenVerificationError.noKeys(DocumentFetchError(.unreachable))) {
            try await verifier.verify(writ.token())
        }
        #expect(fetches.withLock { $0 } == 1)
    }

    @Test("A list without verifiers, or with two for one issuer, is refused")
    func badLists() throws {
        #expect(throws: InvalidValue.self) { try MultiIssuerVerifier([]) }
        #expect(throws: InvalidValue.self) { try MultiIssuerVerifier([writ.verifier(), writ.verifier()]) }
    }
}
