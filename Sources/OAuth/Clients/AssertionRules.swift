package import AccessToken

/// How clients may use their assertions: `client_assertion` of the configuration.
package struct AssertionRules: Sendable, Equatable {
    /// `longest_lifetime`: the longest time from now to `exp`, before ``leeway`` is added.
    package var longestLifetime: Duration
    /// `single_use`: whether an assertion is accepted once (RFC 7523 section 3, number 7). If so, it must have a `jti`.
    package var isSingleUse: Bool

    /// Five minutes, and single use.
    package static let standard = AssertionRules(longestLifetime: .seconds(300), isSingleUse: true)

    /// The values that ``longestLifetime`` may have.
    package static let lifetimes: ClosedRange<Duration> = .seconds(30) ... .seconds(3600)
    /// How far a client's clock may be ahead of the service's.
    static let leeway: Duration = .seconds(30)
    /// The longest time between the first and the last moment at which an assertion is accepted, under any rules.
    package static let longestUse = lifetimes.upperBound + leeway

    package init(longestLifetime: Duration, isSingleUse: Bool) {
        self.longestLifetime = longestLifetime
        self.isSingleUse = isSingleUse
    }

    /// The longest time between the first and the last moment at which an assertion is accepted.
    package var longestUse: Duration { longestLifetime + Self.leeway }
}

/// The rules that a client has of its own: `client_assertion` of its registration.
public struct ClientAssertionRules: Sendable, Equatable {
    /// `longest_lifetime`; `nil` for the service's.
    package var longestLifetime: Duration?
    /// `single_use`; `nil` for the service's.
    package var isSingleUse: Bool?

    /// All rules are the service's.
    public static let none = ClientAssertionRules()

    /// - Parameters:
    ///   - longestLifetime: in whole seconds; `nil` takes the service's.
    ///   - isSingleUse: `nil` takes the service's.
    public init(longestLifetime: Duration? = nil, isSingleUse: Bool? = nil) {
        self.longestLifetime = longestLifetime
        self.isSingleUse = isSingleUse
    }

    /// The rules that apply to the client.
    package func over(_ rules: AssertionRules) -> AssertionRules {
        AssertionRules(
            longestLifetime: longestLifetime ?? rules.longestLifetime, isSingleUse: isSingleUse ?? rules.isSingleUse)
    }
}

/// The longest lifetimes of assertions when the service started. The process before it has accepted assertions by them.
package struct AssertionLifetimes: Sendable {
    private let rules: AssertionRules
    /// The clients with a lifetime of their own.
    private let own: [ClientID: Duration]

    /// The standard lifetime for all clients.
    package static let standard = AssertionLifetimes(.standard, own: [:])

    package init(_ rules: AssertionRules, of clients: ClientRegistry) {
        self.init(rules, own: clients.assertionLifetimes)
    }

    private init(_ rules: AssertionRules, own: [ClientID: Duration]) {
        self.rules = rules
        self.own = own
    }

    /// The longest time for which an assertion of most clients was accepted.
    package var longestUse: Duration { rules.longestUse }

    /// The same for one client.
    package func longestUse(of client: ClientID) -> Duration {
        ClientAssertionRules(longestLifetime: own[client]).over(rules).longestUse
    }
}
