import HTTPTypes
public import Hummingbird
public import TokenVerifier

extension RouterMethods {
    /// Adds the route at which clients find the resource server's metadata, RFC 9728 section 3. It asks for no token: add it
    /// before any ``BearerTokenMiddleware``. Pages of all origins may read it.
    @discardableResult
    public func get(_ metadata: ProtectedResourceMetadata) -> Self {
        let document = ByteBuffer(bytes: metadata.json)
        return get(RouterPath(metadata.path)) { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json", .accessControlAllowOrigin: "*"],
                body: ResponseBody(byteBuffer: document))
        }
    }
}
