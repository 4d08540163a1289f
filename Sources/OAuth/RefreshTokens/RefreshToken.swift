package import AccessToken
import Libcrypto

/// The content of a refresh token. Only the service can read it: see ``RefreshTokenSealer``.
public struct RefreshToken: Sendable, Equatable {
    /// The most octets that scope and audiences may have together.
    package static let maximumContentSize = 8192

    /// The only client that can use it, RFC 6749 section 6.
    package let clientID: ClientID
    /// The scope that was first granted, less what has been withdrawn from the client since.
    package let scope: Scope
    /// The audiences that were first granted, RFC 8707 section 2.2, less those that have been withdrawn since.
    package let audience: [Audience]
    /// The time at which the first token of the family was issued.
    package let firstIssuedAt: NumericDate
    /// The time at which this token was issued.
    package let issuedAt: NumericDate
    /// The end of the whole family.
    package let expiresAt: NumericDate
    /// 16 random octets that all tokens from one first grant share.
    let family: [UInt8]
    /// The number of refreshes since the first grant.
    package let generation: UInt32

    /// Creates the first token of a family.
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

    /// The next token of the family. It never grants more and never expires later.
    ///
    /// - Parameters:
    ///   - scope: this token's scope, or a part of it.
    ///   - audience: this token's audiences, or some of them.
    func next(scope: Scope, audience: [Audience], now: NumericDate) -> RefreshToken {
        RefreshToken(
            clientID: clientID, scope: scope, audience: audience, firstIssuedAt: firstIssuedAt, issuedAt: now,
            expiresAt: expiresAt, family: family, generation: generation == .max ? .max : generation + 1)
    }
}
