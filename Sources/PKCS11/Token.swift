import CPKCS11
import Foundation
import Libcrypto
import OAuth

/// A token from the moment at which it was found until it is lost, with its sessions and what is known about its keys.
final class Token: @unchecked Sendable {
    // Sendable: the mutable state is touched only with `condition` locked.
    let identity: TokenIdentity
    let cryptoki: Cryptoki
    private let login: TokenLogin
    private let condition = NSCondition()
    private var isInvalid = false
    private var idleSessions: [UInt] = []
    /// The sessions in which something is done now.
    private var busyCount = 0
    private var knownMechanisms: [UInt: UInt]?
    private var knownKeys: [KeyName: TokenKey] = [:]

    init(_ identity: TokenIdentity, _ cryptoki: Cryptoki, _ login: TokenLogin) {
        self.identity = identity
        self.cryptoki = cryptoki
        self.login = login
    }

    /// Closes the sessions. Those in which something is done now are closed afterwards.
    func invalidate() {
        let sessions = condition.withLock {
            isInvalid = true
            condition.broadcast()
            return takeIdleSessions()
        }
        for session in sessions { cryptoki.close(session) }
    }

    private func takeIdleSessions() -> [UInt] {
        defer { idleSessions = [] }
        return idleSessions
    }

    // MARK: Sessions

    /// Lends a session in which the user is logged in. If the token has no more of them, this waits for another one.
    func withSession<Result>(_ body: (UInt) throws(TokenFailure) -> Result) throws(TokenFailure) -> Result {
        let session = try takeSession()
        do throws(TokenFailure) {
            let result = try body(session)
            putBack(session)
            return result
        } catch {
            // The session may still have an operation under way, unless it was the service that found no key.
            if error.leavesSessionUsable { putBack(session) } else { close(session) }
            throw error
        }
    }

    /// Lends a session in which keys can be made and destroyed.
    func withWritingSession<Result>(_ body: (UInt) throws(TokenFailure) -> Result) throws(TokenFailure) -> Result {
        let session = try openWritingSession()
        defer { cryptoki.close(session) }
        try login.prepare(session, of: identity, cryptoki)
        return try body(session)
    }

    private func openWritingSession() throws(TokenFailure) -> UInt {
        do throws(TokenFailure) { return try cryptoki.openSession(on: identity.slot, canWrite: true) } catch {
            guard error.has(CKR_SESSION_COUNT) else { throw error }
            // The idle ones may be all that the token has.
            for session in condition.withLock({ takeIdleSessions() }) { cryptoki.close(session) }
            return try cryptoki.openSession(on: identity.slot, canWrite: true)
        }
    }

    /// Allows one signature with a key that asks for the PIN each time.
    func allowSignature(in session: UInt) throws(TokenFailure) {
        try login.allowSignature(in: session, of: identity, cryptoki)
    }

    private func takeSession() throws(TokenFailure) -> UInt {
        while true {
            let idle = condition.withLock {
                busyCount += 1
                return idleSessions.popLast()
            }
            if let idle { return idle }
            do throws(TokenFailure) {
                let session = try cryptoki.openSession(on: identity.slot, canWrite: false)
                do throws(TokenFailure) { try login.prepare(session, of: identity, cryptoki) } catch {
                    cryptoki.close(session)
                    throw error
                }
                return session
            } catch {
                guard waitForSession(after: error) else { throw error }
            }
        }
    }

    /// Waits for a session of another thread, if the token has no more.
    ///
    /// - Returns: `false` if there is none to wait for.
    private func waitForSession(after error: TokenFailure) -> Bool {
        condition.withLock {
            busyCount -= 1
            if busyCount == 0 { condition.broadcast() }
            guard error.has(CKR_SESSION_COUNT), !isInvalid else { return false }
            if idleSessions.isEmpty {
                guard busyCount > 0 else { return false }
                condition.wait()
            }
            return true
        }
    }

    private func putBack(_ session: UInt) {
        let isKept = condition.withLock {
            busyCount -= 1
            if !isInvalid { idleSessions.append(session) }
            condition.signal()
            return !isInvalid
        }
        if !isKept { cryptoki.close(session) }
    }

    private func close(_ session: UInt) {
        cryptoki.close(session)
        condition.withLock {
            busyCount -= 1
            condition.broadcast()
        }
    }

    // MARK: What is known

    /// The mechanisms that matter here, with their flags.
    func mechanisms() throws(TokenFailure) -> [UInt: UInt] {
        if let known = condition.withLock({ knownMechanisms }) { return known }
        let mechanisms = try cryptoki.mechanisms(of: identity.slot)
        condition.withLock { knownMechanisms = mechanisms }
        return mechanisms
    }

    /// A key whose handle is known.
    func knownKey(_ name: KeyName) -> TokenKey? { condition.withLock { knownKeys[name] } }

    func note(_ key: TokenKey, _ name: KeyName) { condition.withLock { knownKeys[name] = key } }

    /// Forgets the handles of keys.
    func forgetKeys() { condition.withLock { knownKeys = [:] } }
}

/// What a key is found by.
struct KeyName: Hashable {
    let uri: PKCS11URI
    let publicHalf: PublicKeyComponents
}

/// A private key of a token.
struct TokenKey {
    /// Its handle.
    let handle: UInt
    /// Whether the token asks for the PIN for each signature: `CKA_ALWAYS_AUTHENTICATE`.
    let asksForPIN: Bool
}
