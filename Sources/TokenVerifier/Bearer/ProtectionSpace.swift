public import AccessToken
import WireText

/// How challenges name a resource server (RFC 9110 section 11.5, RFC 9728 section 5.1), and the URL at which clients reach it.
public struct ProtectionSpace: Sendable, Equatable {
    /// `realm`; `nil` if it is not known.
    public let realm: String?
    /// `resource_metadata`: the URL of the resource server's metadata; `nil` if it publishes none.
    public let metadataURL: String?
    /// The URL at which clients reach the resource server, which DPoP proofs name. It is a setting: the field `Host` of a
    /// request is not believed. A server makes ``ProtectedResourceRequest/url`` of it, as `BearerTokenMiddleware` does; a request
    /// without that URL has its token refused if that is bound to a DPoP key.
    public var publicURL: PublicURL?

    /// - Parameters:
    ///   - realm: printable ASCII, such as the resource server's identifier.
    ///   - metadata: what the resource server publishes about itself. Clients find it through the challenge.
    ///   - publicURL: the URL at which clients reach the resource server; `nil` if it is not known.
    public init(
        realm: String, metadata: ProtectedResourceMetadata? = nil, publicURL: PublicURL? = nil
    ) throws(InvalidValue) {
        guard !realm.isEmpty else { throw InvalidValue("is empty") }
        guard Octets(realm).allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw InvalidValue("has a character outside printable ASCII")
        }
        self.realm = realm
        metadataURL = metadata?.url
        self.publicURL = publicURL
    }

    /// The space of a resource server that publishes metadata. The realm is its identifier.
    ///
    /// - Parameter publicURL: the URL at which clients reach the resource server; `nil` if it is not known.
    public init(_ metadata: ProtectedResourceMetadata, publicURL: PublicURL? = nil) {
        realm = metadata.resource
        metadataURL = metadata.url
        self.publicURL = publicURL
    }

    /// The space that a verifier has by default. What is not ASCII in the realm is replaced in challenges.
    ///
    /// - Parameter publicURL: the URL at which clients reach the resource server; `nil` if it is not known.
    public init(of verifier: some TokenVerifying, publicURL: PublicURL? = nil) {
        self.init(checked: verifier.defaultRealm, publicURL: publicURL)
    }

    /// For an answer whose resource server is not known. A challenge without an error code needs another space: RFC 6750
    /// section 3 requires a parameter.
    package static let unnamed = ProtectionSpace(checked: nil)

    private init(checked realm: String?, publicURL: PublicURL? = nil) {
        self.realm = realm
        metadataURL = nil
        self.publicURL = publicURL
    }
}
