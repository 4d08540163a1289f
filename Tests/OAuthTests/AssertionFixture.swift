import AccessToken
import JOSE
import Libcrypto
import Synchronization
import Testing

@testable import OAuth

/// Makes client assertions, and checks them as the service does.
enum AssertionFixture {
    static let audiences = ["https://tokens.example.com", "https://tokens.example.com/oauth2/token"]

    /// The claims of a valid assertion, with some replaced; `nil` removes a claim.
    static func claims(_ changes: [String: JSONValue?] = [:], now: NumericDate = Fixture.now) -> JSONObject {
        let good: [(String, JSONValue)] = [
            ("iss", .string("job")), ("sub", .string("job")), ("aud", .string(audiences[0])),
            ("exp", .integer(now.seconds + 60)), ("iat", .integer(now.seconds)), ("jti", .string("1")),
        ]
        return changed(good, changes)
    }

    private static func changed(_ good: [(String, JSONValue)], _ changes: [String: JSONValue?]) -> JSONObject {
        let kept = good.compactMap { name, value -> JSONObject.Member? in
            guard let change = changes[name] else { return .init(name, value) }
            return change.map { .init(name, $0) }
        }
        let added = changes.filter { change in !good.contains { $0.0 == change.key } }
        return JSONObject(kept + added.compactMap { name, value in value.map { .init(name, $0) } })
    }

    static func assertion(
        _ claims: JSONObject, header: [String: JSONValue?] = [:], signedBy signer: PrivateKey,
        scheme: SignatureScheme = .ecdsa(.p256, .sha256)
    ) throws -> String {
        let names: [(String, JSONValue)] = [("alg", .string("ES256")), ("typ", .string("JWT")), ("kid", .string("k1"))]
        func text(_ object: JSONObject) -> [UInt8] {
            var writer = JSONWriter()
            writer.value(.object(object))
            return writer.bytes
        }
        let input = JWSSigningInput(
            encodedHeader: Array(Base64URL.encode(text(changed(names, header))).utf8), payload: text(claims))
        let signature = try SigningContext(key: signer, scheme: scheme).sign(input.octets.span)
        return String(decoding: input.compact(with: signature), as: UTF8.self)
    }

    /// The request with an assertion, and the check of it.
    static func check(
        _ assertion: String, extra: String = "", type: String = ClientAssertion.type, in clients: ClientRegistry,
        now: NumericDate = Fixture.now, cost: inout AuthenticationCost
    ) throws(TokenRefusal) -> PendingAssertionCheck {
        let body = "grant_type=client_credentials&client_assertion_type=\(type)&client_assertion=\(assertion)\(extra)"
        let request = try TokenRequest(parsing: Fixture.post(body))
        let authentication = try clients.authenticate(request.credentials, verified: .none, now: now, cost: &cost)
        switch authentication {
        case .assertion(let check): return check
        // What the client did not make is taken for the token of a platform.
        case .refused(let failure): throw failure.refusal
        case .proven, .password, .identity: throw TokenRefusal(.serverError)
        }
    }

    /// The client of an assertion, or the refusal that it gets.
    static func authenticate(
        _ assertion: String, extra: String = "", in clients: ClientRegistry, rules: AssertionRules = .standard,
        profile: SecurityProfile = .standard, now: NumericDate = Fixture.now,
        used: UsedAssertionList = UsedAssertionList()
    ) throws(TokenRefusal) -> AuthenticatedClient {
        var cost = AuthenticationCost()
        let check = try check(assertion, extra: extra, in: clients, now: now, cost: &cost)
        return try check.run(
            keys: check.fixedKeys, audiences: audiences, rules: rules, profile: profile, use: used.use
        ).conclude()
    }
}

extension AssertionCheck {
    /// Records the use as the service does: as the last rule.
    func conclude(
        now: NumericDate, _ use: (UsedAssertion, NumericDate) throws(TokenRefusal) -> AssertionUse
    ) throws(TokenRefusal) -> Result<AuthenticatedClient, AuthenticationFailure> {
        switch self {
        case .refused(let failure): .failure(failure)
        case .accepted(let client): .success(client)
        case .unrecorded(let assertion): try assertion.conclude(use(assertion.used, now))
        }
    }
}

extension PendingIdentityCheck {
    func run(
        keys: JWKSet, use: (UsedAssertion, NumericDate) throws(TokenRefusal) -> AssertionUse
    ) throws(TokenRefusal) -> Result<AuthenticatedClient, AuthenticationFailure> {
        try run(keys: keys).conclude(now: now, use)
    }
}

extension PendingAssertionCheck {
    func run(
        keys: JWKSet, audiences: [String], rules: AssertionRules, profile: SecurityProfile = .standard,
        use: (UsedAssertion, NumericDate) throws(TokenRefusal) -> AssertionUse
    ) throws(TokenRefusal) -> Result<AuthenticatedClient, AuthenticationFailure> {
        try run(keys: keys, audiences: audiences, rules: rules, profile: profile).conclude(now: now, use)
    }

    func run(
        keys: JWKSet, audiences: [String], rules: AssertionRules, profile: SecurityProfile = .standard,
        use: (UsedAssertion, NumericDate) throws(TokenRefusal) -> AssertionUse, cost: inout AuthenticationCost
    ) throws(TokenRefusal) -> Result<AuthenticatedClient, AuthenticationFailure> {
        try run(keys: keys, audiences: audiences, rules: rules, profile: profile, cost: &cost).conclude(now: now, use)
    }

    /// The client's keys; an empty set if it has none.
    var fixedKeys: JWKSet { if case .fixed(let keys) = keys { keys } else { JWKSet([]) } }
}

/// Records every use and drops none. The replay cache of the service has tests of its own.
final class UsedAssertionList: Sendable {
    private let all = Mutex<Set<String>>([])

    func use(_ assertion: UsedAssertion, now: NumericDate) -> AssertionUse {
        all.withLock { $0.insert(assertion.recordedAs).inserted } ? .first : .repeated
    }
}
