package import AccessToken

/// `access_tokens_not_before` or `refresh_tokens_not_before`: moments before which tokens were issued that are revoked. A moment
/// that lies ahead waits until then.
///
/// There may be several, since one that lies ahead must not bring back what an earlier one has revoked.
package struct NotBefore: Sendable, Hashable {
    /// The earliest first, each once.
    package let moments: [NumericDate]

    /// Nothing is revoked.
    package static let never = NotBefore([])

    /// - Parameter moments: in any order.
    package init(_ moments: [NumericDate]) {
        self.moments = Set(moments).sorted()
    }

    /// The latest moment whose time has come; `nil` if there is none.
    package func latest(at now: NumericDate) -> NumericDate? { moments.last { $0 <= now } }

    /// Whether a token is revoked at `now`.
    ///
    /// - Parameter date: when the token was issued, or an earlier moment that stands for all tokens until the next one.
    package func revokes(_ date: NumericDate, at now: NumericDate) -> Bool {
        latest(at: now).map { date < $0 } ?? false
    }

    /// The moments of both.
    package func union(_ other: NotBefore) -> NotBefore {
        other.moments.isEmpty ? self : moments.isEmpty ? other : NotBefore(moments + other.moments)
    }

    /// Adds the moments of another.
    package mutating func formUnion(_ other: NotBefore) { self = union(other) }

    /// The same with another moment, and without those that revoke nothing more than others do at `now` and later.
    package func adding(_ moment: NumericDate, now: NumericDate) -> NotBefore {
        NotBefore(moments + [moment]).counting(at: now)
    }

    /// The same without the moments that revoke nothing more than others do at `now` and later.
    package func counting(at now: NumericDate) -> NotBefore {
        guard let latest = latest(at: now) else { return self }
        return NotBefore(moments.filter { $0 >= latest })
    }
}

/// What ends the tokens of a client before they expire.
package struct TokensNotBefore: Sendable, Hashable {
    /// `access_tokens_not_before`
    package var accessTokens = NotBefore.never
    /// `refresh_tokens_not_before`: it counts from the first token of a family.
    package var refreshTokens = NotBefore.never

    package init(accessTokens: NotBefore = .never, refreshTokens: NotBefore = .never) {
        self.accessTokens = accessTokens
        self.refreshTokens = refreshTokens
    }

    /// The moments of both.
    package func union(_ other: TokensNotBefore) -> TokensNotBefore {
        TokensNotBefore(
            accessTokens: accessTokens.union(other.accessTokens),
            refreshTokens: refreshTokens.union(other.refreshTokens))
    }
}
