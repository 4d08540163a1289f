import CPKCS11
import Foundation
import OAuth

/// A module and its tokens: loads it, finds tokens, and finds them anew after they were lost.
///
/// Every function is called on a thread that may wait for the module.
final class TokenModule: @unchecked Sendable {
    // Sendable: the mutable state is touched only with `condition` locked.
    private let load: @Sendable () throws(TokenFailure) -> Cryptoki
    private let login: TokenLogin
    private let now: @Sendable () -> ContinuousClock.Instant
    private let condition = NSCondition()
    private var cryptoki: Cryptoki?
    private var isInitialized = false
    /// How many operations are under way.
    private var activeCount = 0
    /// By the URIs that they were found with.
    private var tokens: [PKCS11URI: Token] = [:]
    /// How often a token was lost since an operation succeeded.
    private var failureCount = 0
    private var mustInitializeAgain = false
    /// The keys that were used since the module was initialized.
    private var usedKeys: Set<PKCS11URI> = []
    /// Whether an operation waits for the others to end, before it initializes the module again. No other begins then.
    private var isDraining = false
    /// When the module may be initialized again.
    private var nextInitialization: ContinuousClock.Instant
    /// One search for tokens at a time. Operations that waited for one that failed do not search again.
    private let search = NSLock()
    private var failedSearches: (count: Int, last: (uri: PKCS11URI, failure: TokenFailure)?) = (0, nil)
    private var searching = 0

    init(
        load: @escaping @Sendable () throws(TokenFailure) -> Cryptoki, login: TokenLogin,
        now: @escaping @Sendable () -> ContinuousClock.Instant
    ) {
        self.load = load
        self.login = login
        self.now = now
        nextInitialization = now()
    }

    /// How many operations search for a token, or wait for the search of another operation.
    var searchingCount: Int { condition.withLock { searching } }

    /// Does something with a token, and once more if its sessions have ended or the handles of its keys are not known.
    ///
    /// - Parameter uri: of the token, or of a key on it.
    func withToken<Result>(
        at uri: PKCS11URI, _ body: (Token) throws(TokenFailure) -> Result
    ) throws(TokenFailure) -> Result {
        let cryptoki = try begin()
        defer { finishOperation() }
        do throws(TokenFailure) { return try attempt(uri, cryptoki, body) } catch {
            guard error.reaction == .reopenSession || error.reaction == .findKeyAgain else { throw error }
            return try attempt(uri, cryptoki, body)
        }
    }

    private func attempt<Result>(
        _ uri: PKCS11URI, _ cryptoki: Cryptoki, _ body: (Token) throws(TokenFailure) -> Result
    ) throws(TokenFailure) -> Result {
        var token: Token?
        do throws(TokenFailure) {
            let found = try find(uri, cryptoki)
            token = found
            let result = try body(found)
            condition.withLock {
                failureCount = 0
                mustInitializeAgain = false
                if !usedKeys.contains(uri) { usedKeys.insert(uri) }
            }
            return result
        } catch {
            switch error.reaction {
            // A key that was there may come back with its token, which some modules see only when they are initialized.
            case .none where error.isMissingKey && condition.withLock({ usedKeys.remove(uri) != nil }):
                invalidate(token, isFailure: true)
                condition.withLock { mustInitializeAgain = true }
            case .none: break
            case .findKeyAgain: token?.forgetKeys()
            case .reopenSession: invalidate(token, isFailure: false)
            case .findTokenAgain: invalidate(token, isFailure: true)
            case .initializeAgain:
                invalidate(token, isFailure: true)
                condition.withLock { mustInitializeAgain = true }
            }
            throw error
        }
    }

    // MARK: Tokens

    private func find(_ uri: PKCS11URI, _ cryptoki: Cryptoki) throws(TokenFailure) -> Token {
        let uri = uri.token
        let (known, earlierFailures) = condition.withLock {
            if tokens[uri] == nil { searching += 1 }
            return (tokens[uri], failedSearches.count)
        }
        if let known { return known }
        defer { condition.withLock { searching -= 1 } }
        search.lock()
        defer { search.unlock() }
        let (found, failures) = condition.withLock { (tokens[uri], failedSearches) }
        if let found { return found }
        if failures.count > earlierFailures, let last = failures.last, last.uri == uri { throw last.failure }
        do throws(TokenFailure) {
            let identity = try cryptoki.token(at: uri)
            return condition.withLock {
                let other = tokens.values.first { $0.identity == identity }
                let token = other ?? Token(identity, cryptoki, login)
                tokens[uri] = token
                return token
            }
        } catch {
            condition.withLock { failedSearches = (failedSearches.count + 1, (uri, error)) }
            throw error
        }
    }

    /// Forgets a token, if no other operation has done so.
    ///
    /// - Parameters:
    ///   - token: `nil` if it was not found.
    ///   - isFailure: whether the module may have to be initialized again.
    private func invalidate(_ token: Token?, isFailure: Bool) {
        let isNew = condition.withLock {
            let uris = tokens.filter { $0.value === token }.keys
            for uri in uris { tokens[uri] = nil }
            let isNew = token == nil || !uris.isEmpty
            if isFailure, isNew {
                failureCount += 1
                // After the first failure it may be enough to look for the token.
                if token == nil || failureCount > 1 { mustInitializeAgain = true }
            }
            return isNew
        }
        if isNew { token?.invalidate() }
    }

    // MARK: The module

    /// Loads and initializes the module if it has to be, and counts an operation.
    private func begin() throws(TokenFailure) -> Cryptoki {
        condition.lock()
        defer { condition.unlock() }
        while isDraining { condition.wait() }
        let loaded: Cryptoki
        if let cryptoki {
            loaded = cryptoki
        } else {
            loaded = try load()
            cryptoki = loaded
        }
        if !isInitialized {
            try loaded.addUser()
            isInitialized = true
        } else if mustInitializeAgain {
            try initializeAgain(loaded)
        }
        activeCount += 1
        return loaded
    }

    private func finishOperation() {
        condition.withLock {
            activeCount -= 1
            if isDraining { condition.broadcast() }
        }
    }

    /// Waits a little for the operations that are under way, which fail soon if the module does not work. One that hangs
    /// keeps the module as it is.
    private func initializeAgain(_ cryptoki: Cryptoki) throws(TokenFailure) {
        guard now() >= nextInitialization else { return }
        nextInitialization = now() + .milliseconds(500)
        isDraining = true
        defer {
            isDraining = false
            condition.broadcast()
        }
        let limit = Date(timeIntervalSinceNow: 0.25)
        while activeCount > 0, condition.wait(until: limit) {}
        guard activeCount == 0 else { return }
        tokens = [:]
        usedKeys = []
        try cryptoki.initializeAgain()
        mustInitializeAgain = false
        failureCount = 0
    }

    /// Leaves the module as it is, with its sessions.
    func forget() {
        condition.withLock {
            guard isInitialized else { return }
            isInitialized = false
            cryptoki?.forgetUser()
        }
    }

    /// Ends all sessions, after the last operation.
    func end() {
        let lost = condition.withLock {
            defer { tokens = [:] }
            return Array(tokens.values)
        }
        for token in lost { token.invalidate() }
        condition.withLock {
            guard isInitialized, activeCount == 0 else { return }
            isInitialized = false
            cryptoki?.removeUser()
        }
    }
}
