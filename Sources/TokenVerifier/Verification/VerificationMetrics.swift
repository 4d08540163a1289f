import CoreMetrics

/// Counts verified and refused tokens: `token_verifier_tokens`, by issuer and outcome.
struct VerificationMetrics: Sendable {
    private let issuer: String
    private let factory: any MetricsFactory
    private let accepted: Counter

    /// - Parameter issuer: an identifier that the program has chosen, never one of a token.
    init(issuer: String, factory: any MetricsFactory) {
        self.issuer = issuer
        self.factory = factory
        accepted = Self.counter("accepted", issuer, factory)
    }

    func accept() { accepted.increment() }

    /// - Parameter error: its code is the outcome.
    func refuse(_ error: AccessTokenVerificationError) {
        Self.counter(error.code, issuer, factory).increment()
    }

    private static func counter(_ outcome: String, _ issuer: String, _ factory: any MetricsFactory) -> Counter {
        Counter(
            label: "token_verifier_tokens", dimensions: [("issuer", issuer), ("outcome", outcome)], factory: factory)
    }
}
