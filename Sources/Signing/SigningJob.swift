import AccessToken
import OAuth

/// One signature that somebody waits for.
struct SigningJob: Sendable {
    /// Whose turn it takes.
    let client: ClientID
    let message: [UInt8]
    let key: SigningKey
    let queuedAt = ContinuousClock.now
    let continuation: CheckedContinuation<Result<[UInt8], SigningError>, Never>
}
