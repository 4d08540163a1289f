public import AccessToken
import Atomics
public import JOSE
public import Libcrypto
public import RemoteKeys
import WireText

/// Verifies bearer tokens for a resource server, RFC 9068 section 4, without a request to the issuer for each token.
public struct AccessTokenVerifier: Sendable {
    private let issuer: Issuer
    private let audience: Audience
    private let keys: KeySource
    private let leeway: Duration
    private let maximumTokenLength: Int
    private let cache: VerifiedTokenCache?
    private let lastHeader = LastHeader()
    private let now: @Sendable () -> NumericDate

    /// - Parameters:
    ///   - issuer: the only issuer whose tokens are accepted.
    ///   - audience: the identifier of this resource server, which a token must name.
    ///   - keys: the issuer's keys.
    ///   - leeway: the tolerated difference between the clocks of issuer and resource server.
    ///   - maximumTokenLength: in octets; a longer token is rejected without parsing it.
    ///   - cacheCapacity: how many verified tokens are cached, each until it expires or the keys change. The next
    ///     request with a cached token costs a digest and no signature check. The default 0 caches none.
    ///   - now: the clock.
    public init(
        issuer: Issuer, audience: Audience, keys: KeySource, leeway: Duration = .seconds(30),
        maximumTokenLength: Int = CompactJWS.defaultMaximumLength, cacheCapacity: Int = 0,
        now: @escaping @Sendable () -> NumericDate = { .now }
    ) {
        self.issuer = issuer
        self.audience = audience
        self.keys = keys
        self.leeway = leeway
        self.maximumTokenLength = maximumTokenLength
        cache = cacheCapacity > 0 ? VerifiedTokenCache(capacity: cacheCapacity) : nil
        self.now = now
    }

    /// Verifies a token from the `Authorization` header, without the scheme `Bearer`. It waits only if no keys are
    /// cached, or the cached keys lack the one that the token names.
    public func verify(_ token: String) async throws(AccessTokenVerificationError) -> VerifiedAccessToken {
        let remote: RemoteDocument<JWKSet>
        switch keys.kind {
        case .fixed(let keys): return try verify(token, with: keys)
        case .remote(let set): remote = set
        }
        do throws(AccessTokenVerificationError) {
            if let known = remote.cachedKeys { return try verify(token, with: known) }
            return try verify(token, with: try await keys(remote.current))
        } catch {
            // A key that is not in the set may be new, so the set is reloaded.
            guard case .rejected(.signature(.noSingleKey)) = error else { throw error }
            return try verify(token, with: try await keys(remote.reloaded))
        }
    }

    /// Verifies synchronously, using cached keys only.
    ///
    /// - Returns: `nil` if keys would have to be fetched: then call ``verify(_:)``.
    public func verifyUsingCachedKeys(_ token: String) throws(AccessTokenVerificationError) -> VerifiedAccessToken? {
        switch keys.kind {
        case .fixed(let keys): return try verify(token, with: keys)
        case .remote(let set):
            guard let keys = set.cachedKeys else { return nil }
            do throws(AccessTokenVerificationError) { return try verify(token, with: keys) } catch {
                guard case .rejected(.signature(.noSingleKey)) = error else { throw error }
                return nil
            }
        }
    }

    private func keys(
        _ get: () async throws(DocumentFetchError) -> CachedDocument<JWKSet>
    ) async throws(AccessTokenVerificationError) -> CachedDocument<JWKSet> {
        do throws(DocumentFetchError) { return try await get() } catch { throw .noKeys(error) }
    }

    private func verify(
        _ token: String, with keys: CachedDocument<JWKSet>
    ) throws(AccessTokenVerificationError) -> VerifiedAccessToken {
        let now = now()
        // Before any work that grows with the length, such as a digest.
        guard token.utf8.count <= maximumTokenLength else { throw .rejected(.signature(.tooLong)) }
        let digest = cache?.digest(of: token)
        if let cache, let digest, let known = cache.token(digest, version: keys.version, now: now) {
            // RFC 7519 section 4.1.4: a cached token may have expired since.
            guard now < known.claims.expiresAt + leeway else { throw .rejected(.expired) }
            return known
        }
        do throws(AccessTokenRejection) {
            let verified = try VerifiedAccessToken(
                signedToken(token, by: keys.value), text: token, issuer: issuer, audiences: [audience],
                profile: { _ in .rfc9068 }, now: now, leeway: leeway)
            if let cache, let digest { cache.insert(verified, digest, version: keys.version, now: now) }
            return verified
        } catch {
            throw AccessTokenVerificationError(error)
        }
    }

    private func signedToken(_ token: String, by keys: JWKSet) throws(AccessTokenRejection) -> VerifiedJWS {
        do throws(JWSError) {
            let jws = try CompactJWS(
                parsing: token, maximumLength: maximumTokenLength, knownHeader: lastHeader.encodedHeader)
            let verified = try jws.verified(by: keys)
            // Nearly always the header is the same, and no store is needed.
            if !jws.hasKnownHeader { lastHeader.store(jws.encodedHeader) }
            return verified
        } catch {
            throw .signature(error)
        }
    }
}

/// The header of the last verified token. The next token most likely has the same. It is read and written without a
/// lock.
private final class LastHeader: Sendable {
    private final class Stored: AtomicReference, Sendable {
        let encodedHeader: EncodedHeader

        init(_ encodedHeader: EncodedHeader) { self.encodedHeader = encodedHeader }
    }

    private let stored = ManagedAtomic<Stored?>(nil)

    var encodedHeader: EncodedHeader? { stored.load(ordering: .acquiring)?.encodedHeader }

    func store(_ header: EncodedHeader) {
        stored.store(Stored(header), ordering: .releasing)
    }
}

/// Why a token was not verified. Two errors are equal if their codes are.
public enum AccessTokenVerificationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The token is invalid: `invalid_token` of RFC 6750 section 3.1.
    case rejected(AccessTokenRejection)
    /// The issuer's keys cannot be fetched, so the token could not be checked.
    case noKeys(DocumentFetchError)
    /// libcrypto failed while it checked the signature, so nothing is known about the token.
    case cannotVerify(LibcryptoError)

    /// A failure of libcrypto is no reason to reject the token.
    init(_ rejection: AccessTokenRejection) {
        if case .signature(.cannotVerify(let error)) = rejection {
            self = .cannotVerify(error)
        } else {
            self = .rejected(rejection)
        }
    }

    /// A human-readable description. It contains no part of the token.
    public var description: String {
        switch self {
        case .rejected(let reason): "the token is refused: \(reason)"
        case .noKeys(let error): "the issuer's keys are not available: \(error)"
        case .cannotVerify(let error): "the token's signature could not be checked: libcrypto \(error)"
        }
    }
}

extension VerifiedAccessToken {
    /// Checks that the token's scope contains all of `scope` (RFC 6750 section 3.1, `insufficient_scope`).
    public func require(scope: Scope) throws(InsufficientScope) {
        guard scope.isSubset(of: claims.scope) else { throw InsufficientScope(required: scope) }
    }
}

/// The token is valid, but its scope is not sufficient.
public struct InsufficientScope: Error, Sendable {
    /// The scope that is required.
    public let required: Scope
}
