import Libcrypto

/// What an authentication costs, counted where it is spent. A refusal costs the same whatever its reason, so that
/// nobody learns from a clock which clients there are, and tests compare these counts instead of a stopwatch.
struct AuthenticationCost: Equatable {
    var lookups = 0
    var digests = 0
    var comparisons = 0
    var codes = 0
    var derivations: [PasswordHash.Cost: Int] = [:]
    /// By the key that was tried.
    var signatures: [KeyType: Int] = [:]
}
