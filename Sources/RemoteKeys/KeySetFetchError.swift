public import JOSE

/// Why a key set could not be fetched.
public enum KeySetFetchError: Error, Sendable, CustomStringConvertible {
    /// The URL is neither https nor http on a loopback host.
    case insecureURL
    /// No answer: refused, unreachable, timed out. The text is the HTTP client's.
    case unreachable(String)
    /// An answer other than 200. Redirects are not followed: they would let another host choose the keys.
    case status(UInt)
    /// More than ``BoundedDownload/maximumSize`` octets.
    case tooLarge
    case notAKeySet(JWKSetError)
    /// A set without any key that can be used.
    case empty
    /// What should be the metadata of an issuer (RFC 8414) is not.
    case notMetadata
    /// The metadata is that of another issuer (RFC 8414 section 3.3).
    case otherIssuer
    /// A file that cannot be read.
    case unreadableFile(String)

    /// For people; in the HTTP client's words where there was no answer.
    public var description: String {
        switch self {
        case .insecureURL: "the URL is neither https nor http on a loopback host"
        case .unreachable(let reason): "no answer (\(reason))"
        case .status(let status): "the answer has status \(status)"
        case .tooLarge: "the answer is larger than \(BoundedDownload.maximumSize) octets"
        case .notAKeySet(let error): "the answer is \(error)"
        case .empty: "the set has no key that can be used"
        case .notMetadata: "the answer is no metadata with a jwks_uri"
        case .otherIssuer: "the metadata is that of another issuer"
        case .unreadableFile(let reason): "the file cannot be read: \(reason)"
        }
    }
}
