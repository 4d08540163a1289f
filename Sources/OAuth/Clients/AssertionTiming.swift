/// When an assertion is good.
enum AssertionTiming {
    /// The furthest that `exp` may be away.
    static let longestLifetime: Duration = .seconds(300)
    /// How far a client's clock may be ahead.
    static let leeway: Duration = .seconds(30)
    /// From the moment that an assertion is first good to the last.
    static var longestUse: Duration { longestLifetime + leeway }
}
