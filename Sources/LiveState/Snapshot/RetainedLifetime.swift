import AccessToken

/// The longest lifetime of access tokens that are still valid. If the lifetime is shortened, tokens that were issued
/// before need their keys for as long as before.
struct RetainedLifetime: Sendable {
    private var retained: Duration = .zero
    /// The lifetime at the last look.
    private var last: Duration = .zero
    /// When the last token with a longer lifetime than the present one expires; `nil` if there is none.
    private var end: NumericDate?

    /// - Parameter lifetime: of the access tokens that are issued from now on.
    /// - Returns: the longest lifetime that keys are needed for.
    mutating func look(_ lifetime: Duration, now: NumericDate) -> Duration {
        defer { last = lifetime }
        if lifetime < retained {
            if lifetime < last { end = max(end ?? now, now + last) }
            // A clock that was ahead must not put the end off.
            let last = min(end ?? now, now + retained)
            end = last
            if now < last { return retained }
        }
        retained = lifetime
        end = nil
        return lifetime
    }
}
