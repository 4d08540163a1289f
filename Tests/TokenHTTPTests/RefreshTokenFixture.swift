import AccessToken
import JOSE
import Libcrypto
import ServiceFixture

@testable import OAuth

/// Refresh tokens by name, sealed as the service of ``ServiceFixture`` seals them, unless the name says otherwise.
/// Clients and clock are those of that fixture.
enum RefreshTokenFixture {
    private static let hour: Int64 = 3600
    private static let day: Int64 = 86400

    static func sealed() throws -> [String: String] {
        let issuer = try Issuer("https://tokens.example.com")
        let ours = try sealer(issuer, Base64URL.decode(ServiceFixture.sealingKey) ?? [])
        var tokens = try unsealed().mapValues { try ours.seal($0, now: ServiceFixture.now) }
        let good = try token()
        tokens["of another issuer"] = try sealer(
            Issuer("https://other.example.com"), Base64URL.decode(ServiceFixture.sealingKey) ?? []
        ).seal(good, now: ServiceFixture.now)
        tokens["of a key that is gone"] = try sealer(issuer, [UInt8](repeating: 8, count: 32)).seal(
            good, now: ServiceFixture.now)
        tokens["changed"] = tokens["good"].map {
            $0.dropLast(20) + ($0.suffix(20).first == "A" ? "B" : "A") + $0.suffix(19)
        }
        tokens["cut"] = tokens["good"].map { String($0.dropLast(4)) }
        return tokens
    }

    private static func unsealed() throws -> [String: RefreshToken] {
        try [
            "good": token(),
            "good for both resources": token(resources: ["https://api.example.com", "https://other.example.com"]),
            "in its last second": token(age: 29 * day, expiresIn: 1),
            "expired": token(age: 29 * day, expiresIn: 0),
            "older than the lifetime": token(age: 30 * day, expiresIn: 90 * day),
            "of a clock that is a minute ahead": token(age: -60),
            "of the future": token(age: -61),
            "with a withdrawn scope": token(scope: "site.read site.admin"),
            "with nothing but a withdrawn scope": token(scope: "site.admin"),
            "with a withdrawn resource": token(resources: ["https://gone.example.com", "https://other.example.com"]),
            "with nothing but a withdrawn resource": token(resources: ["https://gone.example.com"]),
            "of a client without the grant type": token("tenant", scope: "", resources: ["https://tokens.example.com"]),
            "of a client that is gone": token("gone"),
            "recalled": token("recalled", scope: "site.read", resources: ["https://tokens.example.com"], age: 601),
            "recalled, but refreshed since": token(
                "recalled", scope: "site.read", resources: ["https://tokens.example.com"], age: 601, refreshed: 10),
            "not recalled": token("recalled", scope: "site.read", resources: ["https://tokens.example.com"], age: 600),
        ]
    }

    private static func token(
        _ client: String = "nightly", scope: String = "site.read site.documentation",
        resources: [String] = ["https://api.example.com"], age: Int64 = hour, expiresIn: Int64 = 10 * day,
        refreshed: Int64? = nil
    ) throws -> RefreshToken {
        let now = ServiceFixture.now.seconds
        return RefreshToken(
            clientID: try ClientID(client), scope: try Scope(scope), audience: try resources.map { try Audience($0) },
            firstIssuedAt: NumericDate(now - age), issuedAt: NumericDate(now - (refreshed ?? age)),
            expiresAt: NumericDate(now + expiresIn), family: [UInt8](repeating: 5, count: 16), generation: 0)
    }

    private static func sealer(_ issuer: Issuer, _ key: [UInt8]) throws -> RefreshTokenSealer {
        RefreshTokenSealer(
            issuer: issuer, turns: [.init(try SealingKey(SecretBytes(copying: key.span)), start: nil)])
    }
}
