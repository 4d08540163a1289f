/// Why a document could not be fetched. Errors with the same ``code`` are equal.
public struct DocumentFetchError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: Sendable, Hashable {
        /// The URL is neither https nor http on a loopback host.
        case insecureURL
        /// No answer: the connection was refused, the host is unknown, the certificate is not trusted, it took too long.
        /// The description says which.
        case unreachable
        /// An answer with a status other than 200. Redirects are not followed: they would let another host choose the
        /// keys.
        case status(UInt)
        /// More than 256 KiB.
        case tooLarge
        /// The answer is not a document of the expected kind.
        case malformed
        /// A key set without a usable key.
        case empty
        /// The metadata of another issuer (RFC 8414 section 3.3).
        case otherIssuer
        /// A file that cannot be read.
        case unreadableFile
        /// So many documents were asked for that this one was not.
        case tooFrequent
    }

    /// The kind of failure.
    public let code: Code
    private let reason: String
    /// Why there was no answer, for ``Code/unreachable``.
    package let connectionFailure: ConnectionFailure?

    /// - Parameter reason: shown for ``Code/unreachable``, ``Code/malformed`` and ``Code/unreadableFile``.
    public init(_ code: Code, _ reason: String = "") {
        self.code = code
        self.reason = reason
        connectionFailure = nil
    }

    /// No answer.
    init(_ failure: ConnectionFailure) {
        code = failure.code == .tooLarge ? .tooLarge : .unreachable
        reason = failure.description
        connectionFailure = failure
    }

    /// Compares the codes.
    public static func == (one: Self, other: Self) -> Bool { one.code == other.code }

    /// A human-readable description.
    public var description: String {
        switch code {
        case .insecureURL: "the URL is neither https nor http on a loopback host"
        case .unreachable: "no answer (\(reason))"
        case .status(let status): "the answer has status \(status)"
        case .tooLarge: "the answer is larger than \(DocumentDownload.maximumSize) octets"
        case .malformed: "the answer is \(reason)"
        case .empty: "the set has no key that can be used"
        case .otherIssuer: "the metadata is that of another issuer"
        case .unreadableFile: "the file cannot be read: \(reason)"
        case .tooFrequent: "too many were asked for in the last minute"
        }
    }
}
