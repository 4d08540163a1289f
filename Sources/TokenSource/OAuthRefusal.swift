import JOSE
import WireText

/// An error answer, RFC 6749 section 5.2. Its texts are those of the issuer, made fit for a log: they are bounded, and
/// characters that control a terminal or reorder text are written as `\u{1B}`.
public struct OAuthRefusal: Sendable, Hashable, CustomStringConvertible {
    /// The status of the answer.
    public let status: UInt
    /// `error`: `invalid_client`, `invalid_scope` and so on. At most 100 characters of it.
    public let error: String
    /// `error_description`. At most 500 characters of it.
    public let errorDescription: String?

    /// - Returns: `nil` if the answer has no `error`.
    init?(status: UInt, _ members: JSONObject) {
        guard let error = members["error"]?.string, !error.isEmpty else { return nil }
        self.status = status
        self.error = Self.fit(error, 100)
        errorDescription = members["error_description"]?.string.map { Self.fit($0, 500) }
    }

    /// The error, and its description or the status.
    public var description: String { "\(error) (\(errorDescription ?? "status \(status)"))" }

    /// Whether `error` says that the issuer cannot answer now.
    var isTemporary: Bool {
        status >= 500 || [408, 425, 429].contains(status)
            || ["temporarily_unavailable", "server_error", "slow_down"].contains { error.isSameText(as: $0) }
    }

    /// Whether the issuer refuses this client whatever it requests.
    var isAboutClient: Bool { error.isSameText(as: "invalid_client") }

    /// Whether the issuer asks for a DPoP proof with its nonce, RFC 9449 section 8.
    var asksForNonce: Bool { [400, 401].contains(status) && error.isSameText(as: "use_dpop_nonce") }

    private static func fit(_ text: String, _ limit: Int) -> String {
        VisibleText.line(String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit))))
    }
}
