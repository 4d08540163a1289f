public import JOSE

/// Why a key set could not be fetched.
public enum KeySetFetchError: Error, Sendable, CustomStringConvertible {
    /// The URL is neither https nor http on a loopback host.
    case insecureURL
    /// No answer: refused, unreachable, timed out. The text is the HTTP client's.
    case unreachable(String)
    /// An answer other than 200. Redirects are not followed: they would let another host choose the keys.
    case status(UInt)
    /// More than ``KeySetFetcher/maximumSize`` octets.
    case tooLarge
    case notAKeySet(JWKSetError)

    /// For people; in the HTTP client's words where there was no answer.
    public var description: String {
        switch self {
        case .insecureURL: "the URL is neither https nor http on a loopback host"
        case .unreachable(let reason): "no answer (\(reason))"
        case .status(let status): "the answer has status \(status)"
        case .tooLarge: "the answer is larger than \(KeySetFetcher.maximumSize) octets"
        case .notAKeySet(let error): "the answer is \(error)"
        }
    }
}
