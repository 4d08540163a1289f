package import JOSE
import WireText

/// The place of a token in a Status List: the claim `status`, draft-ietf-oauth-status-list-21 section 6.2.
package struct StatusListReference: Sendable, Hashable {
    /// `idx`; not negative.
    package let index: Int64
    /// `uri` of the list; compare the octets.
    package let uri: String

    package init(index: Int64, uri: String) {
        self.index = index
        self.uri = uri
    }

    /// Reads the claim `status` of a token.
    ///
    /// - Returns: `nil` if the token has no such claim.
    /// - Throws: ``AccessTokenRejection/missingClaim(_:)`` if the claim is malformed, or names no Status List: what it says
    ///   about the token is then not known.
    package init?(of claims: JSONObject) throws(AccessTokenRejection) {
        try self.init(withUncheckedURIOf: claims)
        guard (try? AbsoluteURI(uri)) != nil else { throw .missingClaim("status") }
    }

    /// The same for a caller that has checked the URIs that it knows: to check one again takes longer than all else.
    package init?(withUncheckedURIOf claims: JSONObject) throws(AccessTokenRejection) {
        guard let claim = claims["status"] else { return nil }
        // Section 6.2: `idx` is a non-negative integer, and `uri` a string.
        guard let place = claim.object?["status_list"]?.object, let index = place["idx"]?.integer, index >= 0,
            let uri = place["uri"]?.string
        else { throw .missingClaim("status") }
        self.init(index: index, uri: uri)
    }

    /// The value of the claim `status`.
    package var json: JSONValue {
        let place = JSONObject([.init("idx", .integer(index)), .init("uri", .string(uri))])
        return .object(JSONObject([.init("status_list", .object(place))]))
    }

    /// Compares the octets of the URIs.
    package static func == (first: StatusListReference, second: StatusListReference) -> Bool {
        first.index == second.index && first.uri.isSameText(as: second.uri)
    }

    /// Hashes the octets of the URI.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(index)
        hasher.combine(ExactText(uri))
    }
}
