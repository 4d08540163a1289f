public import WireText

/// A request to one of the endpoints for clients, reduced to what the protocol reads. It has not been checked yet.
public struct EndpointRequest: Sendable {
    /// The request method, such as `POST`.
    package var method: String
    /// The public URL of the endpoint, without query: the issuer's origin and the endpoint's path.
    package var url: String
    /// The octets after the `?` of the request target; `nil` without a `?`.
    package var query: [UInt8]?
    /// The fields that the protocol reads.
    package var fields: Fields
    /// The content of the request, at most ``maximumBodySize`` octets.
    package var body: [UInt8]
    /// The certificate that the client presented; `nil` if it presented none.
    package var certificate: PresentedCertificate?
    /// The address that the request came from; `nil` for a connection without an address, as in tests.
    package var origin: IPAddress?

    /// The values of request fields, unchanged.
    public struct Fields: Sendable {
        /// `Content-Type`
        package var contentType: String?
        /// All `Authorization` fields.
        package var authorization: [String]
        /// All `Accept` fields.
        package var accept: [String]
        /// All `DPoP` fields.
        package var dpop: [String]

        /// A field without an argument is absent.
        public init(
            contentType: String?, authorization: [String] = [], accept: [String] = [], dpop: [String] = []
        ) {
            self.contentType = contentType
            self.authorization = authorization
            self.accept = accept
            self.dpop = dpop
        }
    }

    /// The largest body that is read, in octets.
    package static let maximumBodySize = 16 * 1024

    /// A part of the request without an argument is absent.
    public init(
        method: String = "POST", url: String, query: [UInt8]? = nil, fields: Fields, body: [UInt8],
        certificate: PresentedCertificate? = nil, origin: IPAddress? = nil
    ) {
        self.method = method
        self.url = url
        self.query = query
        self.fields = fields
        self.body = body
        self.certificate = certificate
        self.origin = origin
    }
}
