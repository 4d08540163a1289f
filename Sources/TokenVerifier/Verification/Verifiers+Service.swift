public import RemoteKeys
public import ServiceLifecycle

extension AccessTokenVerifier: Service {
    /// Whether there are keys of the issuer that are not too stale: for a readiness probe.
    public var hasKeys: Bool { keys.hasKeys }

    /// Fetches the issuer's keys, unless there are fresh ones.
    public func warmUp() async throws(DocumentFetchError) { try await keys.warmUp() }

    /// Keeps the issuer's keys fresh, and the Status Lists that tokens use, until the task is cancelled or the program shuts
    /// down gracefully.
    public func run() async throws {
        guard let lists = statusCheck.lists else { return try await keys.run() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await keys.run() }
            group.addTask { await lists.run() }
            try await group.waitForAll()
        }
    }
}

extension MultiIssuerVerifier: Service {
    /// Whether there are keys of every issuer that are not too stale: for a readiness probe.
    public var hasKeys: Bool { verifiers.allSatisfy(\.hasKeys) }

    /// Whether there are keys of at least one issuer that are not too stale: for a service whose readiness must not depend on
    /// every issuer.
    public var hasKeysOfAnyIssuer: Bool { verifiers.contains(where: \.hasKeys) }

    /// Fetches the keys of every issuer at the same time, unless there are fresh ones.
    ///
    /// - Throws: the error of one issuer, after the keys of all others were fetched.
    public func warmUp() async throws(DocumentFetchError) {
        let failure = await withTaskGroup(of: DocumentFetchError?.self) { group in
            for verifier in verifiers {
                group.addTask {
                    do throws(DocumentFetchError) {
                        try await verifier.warmUp()
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            var first: DocumentFetchError?
            for await failure in group { first = first ?? failure }
            return first
        }
        if let failure { throw failure }
    }

    /// Keeps the keys of all issuers fresh, and the Status Lists that tokens use, until the task is cancelled or the program shuts down gracefully.
    public func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for verifier in verifiers { group.addTask { try await verifier.run() } }
            try await group.waitForAll()
        }
    }
}
