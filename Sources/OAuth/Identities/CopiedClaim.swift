package import AccessToken
package import JOSE

/// A claim of access tokens that is copied from the platform's token: a member of `claims_from_identity`.
package struct CopiedClaim: Sendable {
    /// The name in access tokens.
    package let name: String
    /// The place in the platform's token.
    package let path: ClaimPath

    /// - Throws: if the name is empty, longer than 256 octets, or that of a registered claim.
    package init(_ name: String, from path: ClaimPath) throws(InvalidValue) {
        guard !name.isEmpty else { throw InvalidValue("is empty") }
        guard name.utf8.count <= 256 else { throw InvalidValue("is longer than 256 octets") }
        guard !AccessTokenClaims.registeredNames.contains(name) else {
            throw InvalidValue("would shadow a registered claim")
        }
        self.name = name
        self.path = path
    }
}

extension [CopiedClaim] {
    /// The most octets that all copies may have together, since they make each access token longer.
    package static var longestCopy: Int { 2048 }

    /// The claims that a token has, as ``JSONWriter/members(of:)`` writes members. A claim that it lacks, or that is null, is
    /// left out.
    package func copied(from claims: JSONObject) -> [UInt8] {
        guard !isEmpty else { return [] }
        return JSONWriter.members(
            of: JSONObject(
                compactMap { copy in
                    guard let value = copy.path.value(in: claims), value != .null else { return nil }
                    return .init(copy.name, value)
                }))
    }
}
