/// How a verifier fetches documents: an issuer's metadata and its keys.
public struct FetchSettings: Sendable {
    /// Makes the header fields that are added to a request, such as `Authorization` for an API server of Kubernetes. It
    /// gets the URL: the keys may be on another host than the metadata. If it throws, the fetch has failed.
    public typealias Headers = @Sendable (_ url: String) async throws -> [(String, String)]

    /// The path of a file with the certificates, in PEM, of the authorities that servers are trusted by, in place of those
    /// of `SSL_CERT_FILE`, `SSL_CERT_DIR` and the system. It is read again for each fetch.
    public var certificateAuthoritiesFile: String?
    /// The URL of an http proxy for https requests, such as `http://proxy.example.com:3128`, in place of `HTTPS_PROXY` and
    /// `NO_PROXY`. The empty text is for no proxy.
    public var proxy: String?
    /// The header fields that are added; `nil` for none.
    public var headers: Headers?
    /// The time for one document, from the connection to the last octet.
    public var timeLimit: Duration

    /// The environment's authorities and proxy, no further header fields, and five seconds.
    public static let standard = FetchSettings()

    /// The defaults are ``standard``.
    public init(
        certificateAuthoritiesFile: String? = nil, proxy: String? = nil, headers: Headers? = nil,
        timeLimit: Duration = .seconds(5)
    ) {
        self.certificateAuthoritiesFile = certificateAuthoritiesFile
        self.proxy = proxy
        self.headers = headers
        self.timeLimit = timeLimit
    }
}
