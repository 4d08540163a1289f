import JOSE

/// The operations of an authentication, each counted by the code that performs it. A refusal costs the same whatever
/// its reason, so that its time does not show which clients exist. Tests compare these counts instead of times.
struct AuthenticationCost: Equatable {
    var lookups = 0
    var digests = 0
    var comparisons = 0
    var codes = 0
    var derivations: [PasswordHash.Cost: Int] = [:]
    /// Certificates that were decoded, each with the search for a path to an authority.
    var certificates = 0
    /// Signature checks, by the work that one takes with the key that was tried.
    var signatures: [VerificationWork: Int] = [:]
}
