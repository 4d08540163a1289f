public import JOSE

extension RemoteDocument where Value == JWKSet {
    /// A key set that another server publishes.
    ///
    /// - Parameters:
    ///   - acceptsEmpty: whether a set without a usable key replaces the cached one. If not, such a set is an error of
    ///     the server, and the cached set stays.
    ///   - reportFailure: called once for each fetch that failed, even if an older set can still be served.
    ///   - now: a monotonic clock.
    public static func keySet(
        acceptsEmpty: Bool = false, caching: DocumentCaching = .standard,
        reportFailure: @escaping @Sendable (DocumentFetchError) -> Void = { _ in },
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }, fetch: @escaping Fetch
    ) -> RemoteDocument<JWKSet> {
        RemoteDocument(caching: caching, reportFailure: reportFailure, now: now) { () throws(DocumentFetchError) in
            let fetched = try await fetch()
            guard acceptsEmpty || !fetched.value.keys.isEmpty else { throw DocumentFetchError(.empty) }
            return fetched
        }
    }

    /// The key set behind a URL.
    public static func keySet(
        _ download: DocumentDownload, acceptsEmpty: Bool = false, caching: DocumentCaching = .standard,
        reportFailure: @escaping @Sendable (DocumentFetchError) -> Void = { _ in }
    ) -> RemoteDocument<JWKSet> {
        keySet(acceptsEmpty: acceptsEmpty, caching: caching, reportFailure: reportFailure) {
            () throws(DocumentFetchError) in try await download.fetchKeySet()
        }
    }

    /// Reloads the set because the fresh one lacks a key, as ``reloaded()`` does.
    ///
    /// - Parameter lacksKey: whether a set lacks the key.
    /// - Throws: also why the set could not be reloaded, if it lacks the key: the server may have published it by now.
    package func reloaded(
        whileLacking lacksKey: (JWKSet) -> Bool
    ) async throws(DocumentFetchError) -> CachedDocument<JWKSet> {
        let reloaded = try await reloaded()
        if lacksKey(reloaded.value), let failure = recentFailure { throw failure }
        return reloaded
    }

    /// ``cached``, specialized for key sets. A resource server reads it for each request, and another module would call
    /// the generic code.
    package var cachedKeys: CachedDocument<JWKSet>? { cached }
}

extension DocumentDownload {
    /// Fetches a JWK Set, which may be empty.
    public func fetchKeySet() async throws(DocumentFetchError) -> FetchedDocument<JWKSet> {
        try await fetch { (body) throws(DocumentFetchError) in try JWKSet(decoding: body) }
    }
}

extension JWKSet {
    /// Reads a fetched set.
    package init(decoding body: [UInt8]) throws(DocumentFetchError) {
        do throws(JWKSetError) { try self.init(reading: body) } catch {
            throw DocumentFetchError(.malformed, "\(error)")
        }
    }
}
