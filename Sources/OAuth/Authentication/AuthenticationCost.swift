import Libcrypto

/// What an authentication costs, counted where it is spent. A refusal costs the same whatever its reason, so that the time
/// does not show which clients there are. Tests compare these counts instead of times.
struct AuthenticationCost: Equatable {
    var lookups = 0
    var digests = 0
    var comparisons = 0
    var codes = 0
    var derivations: [PasswordHash.Cost: Int] = [:]
    /// By the key that was tried.
    var signatures: [KeyType: Int] = [:]
}
