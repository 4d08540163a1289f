import AccessToken
import OAuth

/// Tokens that were issued lately, never many: the younger half stays when the older one goes, which is when others come.
struct RecentTokens {
    /// The most that there may be of each age; a token and what belongs to it take about two kilobytes.
    static let room = 2048
    /// The longest `access_token.reuse`: what is older answers no request.
    static let longestReuse: Duration = .seconds(300)

    private var young: [TokenReuseKey: IssuedAccessToken] = [:]
    private var old: [TokenReuseKey: IssuedAccessToken] = [:]
    private var youngSince: NumericDate?

    var count: Int { young.count + old.count }

    subscript(likeness: TokenReuseKey) -> IssuedAccessToken? { young[likeness] ?? old[likeness] }

    mutating func insert(_ token: IssuedAccessToken, _ likeness: TokenReuseKey, now: NumericDate) {
        let since = youngSince ?? now
        // A clock that was set back makes them old too.
        if young.count >= Self.room || now < since || since + Self.longestReuse < now {
            old = young
            young = [:]
            youngSince = now
        } else {
            youngSince = since
        }
        young[likeness] = token
    }
}
