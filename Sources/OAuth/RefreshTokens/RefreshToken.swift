package import AccessToken
import Libcrypto

/// What a refresh token stands for. Nobody but the service can read it: see ``RefreshTokenSealer``.
public struct RefreshToken: Sendable, Equatable {
    /// In octets, how long scope and resources may be together.
    package static let maximumContentSize = 8192

    /// The only client that it is of use to, RFC 6749 section 6.
    package let clientID: ClientID
    /// What was granted first, less what was withdrawn from the client since.
    package let scope: Scope
    /// The resources that were granted first, RFC 8707 section 2.2, less those that were withdrawn.
    package let audience: [Audience]
    /// When the first token of the family was issued.
    package let firstIssuedAt: NumericDate
    /// When this one was.
    package let issuedAt: NumericDate
    /// The end of the whole family.
    package let expiresAt: NumericDate
    /// 16 random octets that all tokens have in common that come from one first grant.
    let family: [UInt8]
    /// How many refreshes lie behind it.
    package let generation: UInt32

    /// The first of a family.
    init(
        for clientID: ClientID, scope: Scope, audience: [Audience], lifetime: Duration, now: NumericDate
    ) throws(LibcryptoError) {
        self.clientID = clientID
        self.scope = scope
        self.audience = audience
        firstIssuedAt = now
        issuedAt = now
        expiresAt = now + lifetime
        family = try RandomBytes.make(RefreshTokenCoding.familySize)
        generation = 0
    }

    init(
        clientID: ClientID, scope: Scope, audience: [Audience], firstIssuedAt: NumericDate, issuedAt: NumericDate,
        expiresAt: NumericDate, family: [UInt8], generation: UInt32
    ) {
        self.clientID = clientID
        self.scope = scope
        self.audience = audience
        self.firstIssuedAt = firstIssuedAt
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.family = family
        self.generation = generation
    }

    /// The next of the family: never for more, and never for longer.
    ///
    /// - Parameters:
    ///   - scope: a part of this one's.
    ///   - audience: a part of this one's.
    func next(scope: Scope, audience: [Audience], now: NumericDate) -> RefreshToken {
        RefreshToken(
            clientID: clientID, scope: scope, audience: audience, firstIssuedAt: firstIssuedAt, issuedAt: now,
            expiresAt: expiresAt, family: family, generation: generation == .max ? .max : generation + 1)
    }
}
