/// What came to the token endpoint, as far as the protocol is concerned; nothing of it is trusted.
package struct EndpointRequest: Sendable {
    /// The octets behind the `?` of the request target; nil without one.
    package var query: [UInt8]?
    /// The value of `Content-Type`.
    package var contentType: String?
    /// The values of all `Authorization` fields.
    package var authorization: [String]
    /// The request body.
    package var body: [UInt8]

    /// Takes everything as it came; ``TokenRequest/init(parsing:)`` checks it.
    package init(query: [UInt8]? = nil, contentType: String?, authorization: [String] = [], body: [UInt8]) {
        self.query = query
        self.contentType = contentType
        self.authorization = authorization
        self.body = body
    }

    /// The largest body that is read, in octets.
    package static let maximumBodySize = 16 * 1024
}
