import AccessToken
import JOSE
import RemoteKeys

extension KeySource {
    /// Verifies a document of the issuer that is no token. It waits as the verification of a token does.
    ///
    /// - Throws: ``DocumentFetchError/Code/malformed`` if it is not signed with one of the keys, else why there are none.
    func verified(
        _ jws: CompactJWS, among algorithms: [SignatureAlgorithm]
    ) async throws(DocumentFetchError) -> VerifiedJWS {
        let set: RemoteDocument<JWKSet>
        switch kind {
        case .remote(let document): set = document
        case .fixed(let keys):
            guard let verified = try Self.verified(jws, by: keys.value, algorithms) else {
                throw Self.refusal(.noSingleKey)
            }
            return verified
        }
        if let verified = try Self.verified(jws, by: try await set.current().value, algorithms) { return verified }
        // A key that is not in the set may be new.
        let keys = try await set.reloaded().value
        if let verified = try Self.verified(jws, by: keys, algorithms) { return verified }
        throw set.recentFailure ?? Self.refusal(.noSingleKey)
    }

    /// - Returns: `nil` if the keys lack the one that signed.
    private static func verified(
        _ jws: CompactJWS, by keys: JWKSet, _ algorithms: [SignatureAlgorithm]
    ) throws(DocumentFetchError) -> VerifiedJWS? {
        do throws(JWSError) { return try jws.verified(by: keys, among: algorithms) } catch {
            guard error == .noSingleKey else { throw refusal(error) }
            return nil
        }
    }

    private static func refusal(_ error: JWSError) -> DocumentFetchError {
        DocumentFetchError(.malformed, "not signed by the issuer: \(AccessTokenRejection.signature(error))")
    }
}
