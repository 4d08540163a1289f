import JOSE

/// An answer of the server, of HTTP/1 or HTTP/2.
struct HTTPAnswer {
    let status: Int
    /// The names in small letters.
    let fields: [(name: String, value: String)]
    var body: [UInt8] = []

    subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    /// Whether the router has answered, and not the edge.
    var isOfRouter: Bool { self["x-request-id"] != nil }

    func check() {
        if status == 100 { return require(fields.isEmpty && body.isEmpty, "an interim answer says nothing more") }
        require(fields.count { $0.name == "date" } == 1, "an answer says when it was made")
        require(fields.count { $0.name == "content-length" } <= 1, "an answer has one length")
        guard isOfRouter else {
            return require([400, 408, 429, 431, 503].contains(status) && body.isEmpty, "the edge refuses: \(status)")
        }
        let isOverload = status == 503 && self["retry-after"] != nil
        require((200..<500).contains(status) || isOverload, "a request does not make the server fail: \(status)")
        require(fields.count { $0.name == "x-request-id" } == 1, "an answer can be found in the log")
        require(status != 401 || self["www-authenticate"] != nil, "a 401 says how to authenticate")
        require(status != 405 || self["allow"] != nil, "a 405 says what is allowed")
        let isStored = self["cache-control"]?.hasPrefix("public, max-age=") == true
        let isKnown = isStored || self["cache-control"] == "no-store" || status == 204
        require(isKnown, "an answer says whether it may be kept")
        guard self["content-type"]?.hasSuffix("json") == true, !body.isEmpty else { return }
        let object = (try? JSONReader.read(body))?.object
        require(object != nil, "a body is JSON")
        require(status < 400 || object?["error"]?.string != nil, "a refusal has a code")
        guard let token = object?["access_token"]?.string else { return }
        require(status == 200 && !isStored, "tokens are for one client")
        require((try? CompactJWS(parsing: token)) != nil, "an access token is a JWS")
    }
}
