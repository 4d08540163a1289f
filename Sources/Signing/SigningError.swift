package import Libcrypto

/// Why a token was not signed.
package enum SigningError: Error, Sendable {
    /// More signatures wait than can be made in time, and clients that have fewer go first.
    case queueFull
    /// libcrypto would not; for the log.
    case failed(KeyError)
}
