/// How a key set is kept: when it is asked for again, and for how long it must do without its server.
public struct KeySetCaching: Sendable {
    /// For how long a set that has become old is used while no other can be had. After that nothing is verified any more:
    /// longer means to survive longer outages, and to believe a key that was taken out during one for longer.
    public var maximumStaleness: Duration
    /// The least time between two requests because of an unknown key or a server that failed; a quarter of it more, at
    /// random, so that verifiers which began together do not ask together.
    public var coolDown: Duration
    /// Whether a set without a key is a mistake of its server, so that the last one is kept.
    public var refusesEmptySets: Bool

    /// A day, half a minute, and a mistake.
    public static let standard = KeySetCaching()

    /// The defaults are ``standard``.
    public init(
        maximumStaleness: Duration = .seconds(86400), coolDown: Duration = .seconds(30), refusesEmptySets: Bool = true
    ) {
        self.maximumStaleness = maximumStaleness
        self.coolDown = coolDown
        self.refusesEmptySets = refusesEmptySets
    }
}
