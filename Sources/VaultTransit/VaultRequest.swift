import JOSE
import NIOHTTP1
import OAuth

/// A request of Vault's HTTP API.
struct VaultRequest: Sendable {
    enum Purpose: Sendable {
        case login
        case readKey
        /// To find the version of a key whose public half is in the folder of the keys.
        case readPinnedKey
        case createKey
        case rotateKey
        case sign
    }

    let purpose: Purpose
    let method: HTTPMethod
    /// Without `/v1/` in front.
    let path: String
    /// JSON; `nil` for none.
    let body: [UInt8]?
    /// What a policy has to name for the request, and how it may be used there.
    let policy: (path: String, capability: String)?
    /// The key that it is about; `nil` for a login.
    let uri: TransitKeyURI?

    /// Whether the outcome is the same if Vault gets it twice.
    var isIdempotent: Bool { purpose != .rotateKey }

    /// `POST auth/MOUNT/login`
    ///
    /// - Parameter token: that of a service account.
    static func login(role: String, _ token: VaultToken, mount: String) -> VaultRequest {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("role", role)
            writer.member("jwt", token.text)
        }
        return VaultRequest(
            purpose: .login, method: .POST, path: "auth/\(mount)/login", body: writer.bytes, policy: nil, uri: nil)
    }

    /// `GET MOUNT/keys/NAME`
    ///
    /// - Parameter isPinned: whether the folder of the keys has its public half already.
    static func readKey(_ uri: TransitKeyURI, isPinned: Bool) -> VaultRequest {
        ofKey(uri, isPinned ? .readPinnedKey : .readKey, .GET, capability: "read")
    }

    /// `POST MOUNT/keys/NAME`: makes a key that Transit never gives out. A key that is there stays as it is.
    ///
    /// - Parameter type: Transit's name for the type.
    static func createKey(_ uri: TransitKeyURI, type: String) -> VaultRequest {
        let body: JSONValue = .object(
            JSONObject([
                .init("type", .string(type)), .init("exportable", false), .init("allow_plaintext_backup", false),
            ]))
        return ofKey(uri, .createKey, .POST, capability: "update", body: body)
    }

    /// `POST MOUNT/keys/NAME/rotate`: makes the next version.
    static func rotateKey(_ uri: TransitKeyURI) -> VaultRequest {
        ofKey(uri, .rotateKey, .POST, "/rotate", capability: "update", body: .object(JSONObject()))
    }

    /// `POST MOUNT/sign/NAME/HASH`
    ///
    /// - Parameter version: of the key.
    static func sign(_ input: TransitInput, _ uri: TransitKeyURI, version: Int) -> VaultRequest {
        var writer = JSONWriter()
        writer.value(.object(JSONObject(input.members + [.init("key_version", .integer(Int64(version)))])))
        let path = "\(uri.mount)/sign/\(uri.name)"
        return VaultRequest(
            purpose: .sign, method: .POST, path: input.hashName.map { "\(path)/\($0)" } ?? path, body: writer.bytes,
            policy: (input.hashName == nil ? path : "\(path)/*", "update"), uri: uri)
    }

    private static func ofKey(
        _ uri: TransitKeyURI, _ purpose: Purpose, _ method: HTTPMethod, _ suffix: String = "", capability: String,
        body: JSONValue? = nil
    ) -> VaultRequest {
        let path = "\(uri.mount)/keys/\(uri.name)\(suffix)"
        let octets = body.map { body in
            var writer = JSONWriter()
            writer.value(body)
            return writer.bytes
        }
        return VaultRequest(
            purpose: purpose, method: method, path: path, body: octets, policy: (path, capability), uri: uri)
    }
}
