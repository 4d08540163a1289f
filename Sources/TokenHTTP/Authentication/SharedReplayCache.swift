import AccessToken
import Admission
import JOSE
import Libcrypto
import OAuth
import ReplayStore

/// Records the assertions, and the DPoP proofs, that were used at a store that all replicas share, so that none is used at
/// two of them.
///
/// What this replica has seen is refused without asking. The store remembers over a restart, so an assertion is accepted
/// whether or not it may have been used before the start. What has an assertion refused is the store's answer alone: without
/// one in time nothing is known of the assertion, and the request is refused without a word about it.
struct SharedReplayCache: ReplayProtection {
    /// The operations of the store, so that a test can answer for it.
    struct Store: Sendable {
        /// Records a key, and returns whether it was new.
        let insert: @Sendable (_ key: String, _ life: Duration, _ owner: String) async throws(StoreFailure) -> Bool
        /// Records a key without waiting for the answer.
        let note: @Sendable (_ key: String, _ life: Duration, _ owner: String) -> Void
    }

    /// What every key begins with, for the rules of the store's own access lists.
    static let prefix = "writ:replay:"

    private let memory: ReplayCache
    private let store: Store
    private let issuer: Issuer

    /// - Parameters:
    ///   - memory: the uses that this replica knows of.
    ///   - issuer: of this service. Services with different issuers may share a store.
    init(_ memory: ReplayCache, _ store: Store, issuer: Issuer) {
        self.memory = memory
        self.store = store
        self.issuer = issuer
    }

    func use(_ assertion: UsedAssertion, now: NumericDate) async throws(TokenRefusal) -> AssertionUse {
        guard try !memory.contains(assertion) else { return .repeated }
        let key = try key(of: assertion)
        // As long as in memory, so that a clock that is ahead for a moment, here or at another replica, drops none early.
        let life = .seconds(assertion.expiresAt.seconds) - .seconds(now.seconds) + ReplayCache.patience
        let owner = assertion.clientID.description
        guard assertion.isSingleUse else {
            // It is recorded for the case that the rule is changed, and need not wait for that.
            store.note(key, life, owner)
            try memory.note(assertion, now: now)
            return .first
        }
        let isNew: Bool
        do throws(StoreFailure) { isNew = try await store.insert(key, life, owner) } catch {
            // The failure of the store is logged once, and not with each request.
            throw TokenRefusal(.replayStoreUnavailable)
        }
        try memory.note(assertion, now: now)
        return isNew ? .first : .repeated
    }

    /// A digest: who reads the store learns no identifier, unless it can be guessed.
    private func key(of assertion: UsedAssertion) throws(TokenRefusal) -> String {
        do throws(LibcryptoError) {
            let text = "\(issuer)\n\(assertion.recordedAs)"
            return Self.prefix + Base64URL.encode(try HashFunction.sha256.digest(of: text.utf8.span))
        } catch {
            throw .failure(error)
        }
    }
}

extension SharedReplayCache.Store {
    init(_ store: ReplayStore) {
        insert = { (key, life, owner) async throws(StoreFailure) in
            try await store.insert(key, for: life, owner: owner)
        }
        note = { store.note($0, for: $1, owner: $2) }
    }
}
