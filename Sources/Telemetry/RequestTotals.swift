package import OAuth
import Synchronization

/// What the endpoints have answered since the start of the service, for all clients together.
package struct RequestTotals: Sendable {
    /// Tokens, also those that were issued for an earlier request.
    package let issued: Int
    /// The tokens among them that were issued for an earlier request.
    package let reused: Int
    /// Introspection and revocation requests.
    package let answered: Int
    /// Requests that an endpoint refused.
    package let refused: Int
    /// The refusals by cause, without those that did not occur.
    package let causes: [(cause: RefusalCause, count: Int)]
}

/// Counts the outcomes of requests. It takes no lock.
final class OutcomeCounts: Sendable {
    private let issuedCount = Atomic(0)
    private let answeredCount = Atomic(0)
    private let refusedCount = Atomic(0)

    func count(_ event: RequestEvent) {
        if event.refusal != nil {
            refusedCount.add(1, ordering: .relaxed)
        } else if event.endpoint == .token {
            issuedCount.add(1, ordering: .relaxed)
        } else {
            answeredCount.add(1, ordering: .relaxed)
        }
    }

    func totals(reused: Int, causes: [(cause: RefusalCause, count: Int)]) -> RequestTotals {
        RequestTotals(
            issued: issuedCount.load(ordering: .relaxed), reused: reused,
            answered: answeredCount.load(ordering: .relaxed), refused: refusedCount.load(ordering: .relaxed),
            causes: causes)
    }
}
