import AccessToken
import JOSE
import Libcrypto

@testable import OAuth

/// A refresh token: the text that clients have, and what is in it.
///
/// An input is a text; and it is what a text holds, to be sealed.
struct SealedTokenTarget: FuzzTarget {
    private static let now = NumericDate(1_795_000_000)
    private let keys: [SealingKey]
    private let sealer: RefreshTokenSealer
    private let client: Client
    private let policy: IssuancePolicy

    init() throws {
        keys = try [7, 8].map { octet in
            try SealingKey(SecretBytes(copying: [UInt8](repeating: octet, count: SealingKey.size).span))
        }
        policy = IssuancePolicy(issuer: try Issuer("https://tokens.example.com"))
        sealer = RefreshTokenSealer(
            issuer: policy.issuer,
            turns: [ScheduledSealingKey(keys[0], start: nil), ScheduledSealingKey(keys[1], start: Self.now)])
        client = try Client(
            id: ClientID("fuzz"), secrets: [], grantTypes: [.clientCredentials, .refreshToken],
            scope: Scope("a b site.read"), resources: [Audience("https://api.example.com")])
    }

    func parse(_ octets: [UInt8]) {
        _ = try? sealer.open(RefreshTokenSealer.prefix + String(decoding: octets, as: UTF8.self))
        _ = RefreshTokenCoding.decode(Self.padded(octets))
    }

    func run(_ input: Input) throws {
        let text = String(decoding: input.octets, as: UTF8.self)
        if let token = try sealer.open(text) {
            require(try resealed(token, like: text) == text, "what opens is what was sealed")
            check(token)
        }
        try checkContents(Self.padded(input.octets), input)
    }

    private func checkContents(_ octets: [UInt8], _ input: Input) throws {
        let token = RefreshTokenCoding.decode(octets)
        if let token { require(RefreshTokenCoding.encode(token) == octets, "what is written again is the same") }
        let key = keys[input.choice(1, below: keys.count)]
        let text = try sealed(octets, with: key, nonce: [UInt8](repeating: 9, count: XAES256GCM.nonceSize))
        guard !octets.isEmpty, text.utf8.count <= 12 * 1024 else { return }
        require(sealer.looksSealed(text), "a sealed token looks like one")
        require(try sealer.open(text) == token, "what was sealed is what opens")
        var characters = Array(text.utf8)
        let place = input.choice(2, below: characters.count)
        characters[place] = characters[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
        require(try sealer.open(String(decoding: characters, as: UTF8.self)) == nil, "a changed token does not open")
        guard let token else { return }
        check(token)
        if let sealed = try? sealer.seal(token, now: Self.now) {
            require(try sealer.open(sealed) == token, "what is sealed again opens as the same")
        }
    }

    private func check(_ token: RefreshToken) {
        let next = token.next(scope: token.scope, audience: token.audience, now: Self.now)
        require(next.expiresAt == token.expiresAt && next.firstIssuedAt == token.firstIssuedAt, "a family ends once")
        guard let live = try? LiveRefreshToken(token, of: client, policy: policy, now: Self.now) else { return }
        require(live.clientID == token.clientID && live.clientID == client.id, "a token is its client's")
        require(live.expiresAt <= token.expiresAt && live.expiresAt > Self.now, "a token is good until its end")
        require(live.scope.isSubset(of: client.scope) && live.scope.isSubset(of: token.scope), "a scope never widens")
        require(!live.audience.isEmpty && live.audience.allSatisfy(client.resources.contains), "nor do the resources")
    }

    /// The same token once more, with nonce and key of `text`.
    private func resealed(_ token: RefreshToken, like text: String) throws -> String? {
        guard let octets = Base64URL.decode(String(text.dropFirst(RefreshTokenSealer.prefix.count))),
            let contents = RefreshTokenCoding.encode(token)
        else { return nil }
        let nonce = Array(octets.prefix(XAES256GCM.nonceSize))
        let hint = Array(octets[nonce.count..<(nonce.count + SealingKey.hintSize)])
        guard let key = try keys.first(where: { try $0.hint(for: nonce.span) == hint }) else { return nil }
        return try sealed(contents, with: key, nonce: nonce)
    }

    private func sealed(_ octets: [UInt8], with key: SealingKey, nonce: [UInt8]) throws -> String {
        let associated = Array("writ refresh token 1\n\(policy.issuer)".utf8)
        let sealed = try key.seal(octets, nonce: nonce, authenticating: associated)
        return RefreshTokenSealer.prefix + Base64URL.encode(try nonce + key.hint(for: nonce.span) + sealed)
    }

    /// To a size that the contents of tokens have.
    private static func padded(_ octets: [UInt8]) -> [UInt8] {
        let padding = RefreshTokenCoding.padding
        return octets + [UInt8](repeating: 0, count: (padding - octets.count % padding) % padding)
    }
}
