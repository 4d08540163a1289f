public import Libcrypto

/// Why a token was not signed.
public enum SigningError: Error, Sendable {
    /// As many signatures wait as the queue holds.
    case queueFull
    /// libcrypto would not; for the log.
    case failed(KeyError)
}
