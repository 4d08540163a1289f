/// A request to one of the endpoints for clients, as far as the protocol is concerned. None of it has been checked.
public struct EndpointRequest: Sendable {
    /// The request method, such as `POST`.
    package var method: String
    /// The public URL of the endpoint, without query: the issuer's origin and the endpoint's path.
    package var url: String
    /// The octets behind the `?` of the request target; `nil` without a `?`.
    package var query: [UInt8]?
    /// The fields that the protocol reads.
    package var fields: Fields
    /// The content of the request, at most ``maximumBodySize`` octets.
    package var body: [UInt8]
    /// The certificate that the client showed in the TLS handshake, in DER; `nil` if it showed none.
    package var peerCertificate: [UInt8]?
    /// The address that the request came from; `nil` for a connection without an address, as in tests.
    package var origin: IPAddress?

    /// The values of request fields, as they came.
    public struct Fields: Sendable {
        /// `Content-Type`
        package var contentType: String?
        /// All `Authorization` fields.
        package var authorization: [String]
        /// All `Accept` fields.
        package var accept: [String]

        /// The fields of a request; what is not given is absent.
        ///
        /// - Parameters:
        ///   - contentType: `nil` without the field.
        ///   - authorization: one value for each field line, in their order.
        ///   - accept: one value for each field line, in their order.
        public init(contentType: String?, authorization: [String] = [], accept: [String] = []) {
            self.contentType = contentType
            self.authorization = authorization
            self.accept = accept
        }
    }

    /// The largest body that is read, in octets.
    package static let maximumBodySize = 16 * 1024

    /// A request; what is not given is absent.
    ///
    /// - Parameters:
    ///   - url: the public URL of the endpoint, without query.
    ///   - query: the octets behind the `?`; `nil` without a `?`.
    ///   - body: it is refused later if it has more than ``maximumBodySize`` octets.
    ///   - peerCertificate: in DER; `nil` if the client showed none.
    ///   - origin: `nil` for a connection without an address.
    public init(
        method: String = "POST", url: String, query: [UInt8]? = nil, fields: Fields, body: [UInt8],
        peerCertificate: [UInt8]? = nil, origin: IPAddress? = nil
    ) {
        self.method = method
        self.url = url
        self.query = query
        self.fields = fields
        self.body = body
        self.peerCertificate = peerCertificate
        self.origin = origin
    }
}
