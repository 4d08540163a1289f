public import AccessToken
import JOSE
public import Libcrypto
import WireText

/// A sealing key and the time from which it seals.
public struct ScheduledSealingKey: Sendable {
    let start: NumericDate
    let key: SealingKey

    /// - Parameter start: `nil` for a key that seals from the beginning.
    public init(_ key: SealingKey, start: NumericDate?) {
        self.key = key
        self.start = start ?? NumericDate(.min)
    }
}

/// Seals refresh tokens as opaque texts and opens them, with keys that take turns as signing keys do.
///
/// A text is `writ_rt_` and, in base64url, a nonce, a hint to the key, and the sealed token. Issuer and purpose are
/// authenticated: a token that another issuer sealed does not open, even with the same keys.
public struct RefreshTokenSealer: Sendable {
    /// The prefix that secret scanners search for. It is part of the token.
    package static let prefix = "writ_rt_"
    /// In octets. Longer texts are neither made nor opened: a request has no room for them beside its other parameters.
    private static let maximumLength = 12 * 1024

    private let turns: [ScheduledSealingKey]
    private let associated: [UInt8]

    /// - Parameter turns: in the order in which the keys seal. A key that does not seal yet already opens tokens of a
    ///   replica whose clock is ahead.
    public init(issuer: Issuer, turns: [ScheduledSealingKey]) {
        self.turns = turns
        associated = Array("writ refresh token 1\n\(issuer)".utf8)
    }

    /// Whether a key may seal at `now`.
    package func canSeal(at now: NumericDate) -> Bool { key(at: now) != nil }

    private func key(at now: NumericDate) -> SealingKey? { turns.last { $0.start <= now }?.key }

    /// Seals a token as the text that the client gets.
    public func seal(_ token: RefreshToken, now: NumericDate) throws(SealingError) -> String {
        guard let key = key(at: now) else { throw .noKey }
        guard let octets = RefreshTokenCoding.encode(token) else { throw .tooLong }
        let text: String
        do throws(LibcryptoError) { text = try Self.prefix + sealed(octets, with: key) } catch {
            throw .libcrypto(error)
        }
        guard text.utf8.count <= Self.maximumLength else { throw .tooLong }
        return text
    }

    private func sealed(_ octets: [UInt8], with key: SealingKey) throws(LibcryptoError) -> String {
        let nonce = try RandomBytes.make(XAES256GCM.nonceSize)
        let sealed = try key.seal(octets, nonce: nonce, authenticating: associated)
        return Base64URL.encode(try nonce + key.hint(for: nonce.span) + sealed)
    }

    /// Nonce, hint and sealed token; `nil` for a text without the form of a sealed token.
    private static func octets(of text: String) -> [UInt8]? {
        guard text.utf8.count <= maximumLength, Octets(text).begins(with: prefix),
            let octets = Base64URL.decode(Octets(text).dropFirst(prefix.utf8.count).text),
            octets.count > XAES256GCM.nonceSize + SealingKey.hintSize + XAES256GCM.tagSize
        else { return nil }
        return octets
    }

    /// Whether ``open(_:)`` would try a key on the text.
    func looksSealed(_ text: String) -> Bool { Self.octets(of: text) != nil }

    /// A text of the length that most tokens have. No key opens it.
    static let decoy = prefix + String(repeating: "A", count: 384)

    /// The content of a token that no client has. It is read if no key opens a text, so that the time does not show that
    /// a key has opened another one.
    private static let decoyContent: [UInt8] = {
        guard let id = try? ClientID("decoy"), let audience = try? Audience("https://decoy.invalid") else { return [] }
        let token = RefreshToken(
            clientID: id, scope: .empty, audience: [audience], firstIssuedAt: NumericDate(0), issuedAt: NumericDate(0),
            expiresAt: NumericDate(0), family: [UInt8](repeating: 0, count: RefreshTokenCoding.familySize),
            generation: 0)
        return RefreshTokenCoding.encode(token) ?? []
    }()

    /// The operations of opening a text.
    struct Work: Equatable {
        /// How many keys were tried.
        var openings = 0
        /// How many contents of tokens were read.
        var readings = 0
    }

    /// - Returns: `nil` for a text that was not sealed for this issuer with one of the keys. The expiry of the token is
    ///   not checked.
    func open(_ text: String) throws(LibcryptoError) -> RefreshToken? {
        var work = Work()
        return try open(text, work: &work)
    }

    func open(_ text: String, work: inout Work) throws(LibcryptoError) -> RefreshToken? {
        guard let octets = Self.octets(of: text) else { return nil }
        let nonce = octets.span.extracting(..<XAES256GCM.nonceSize)
        let rest = octets.span.extracting(XAES256GCM.nonceSize...)
        let hint = rest.extracting(..<SealingKey.hintSize)
        let sealed = rest.extracting(SealingKey.hintSize...)
        // The hint of every key is compared and one key is always tried, so that the time shows nothing.
        var tried = turns.last?.key
        var isKnown = false
        for turn in turns {
            let own = try turn.key.hint(for: nonce)
            guard ConstantTime.areEqual(own.span, hint) else { continue }
            tried = turn.key
            isKnown = true
        }
        if tried != nil { work.openings += 1 }
        let content = try tried?.open(sealed, nonce: nonce, authenticating: associated)
        let token = RefreshTokenCoding.decode(content ?? Self.decoyContent)
        work.readings += 1
        return isKnown && content != nil ? token : nil
    }
}

/// Why a refresh token was not sealed. An operator can correct it, a client cannot.
public enum SealingError: Error, Sendable, Equatable, CustomStringConvertible {
    /// No sealing key may seal yet.
    case noKey
    /// Scope and resources are so long that no request could carry the token.
    case tooLong
    case libcrypto(LibcryptoError)

    /// A human-readable description, which contains no part of the token.
    public var description: String {
        switch self {
        case .noKey: "no sealing key can be used now"
        case .tooLong: "scope and resources of the client are too long for a refresh token"
        case .libcrypto(let error): "\(error)"
        }
    }
}
