import JOSE
public import Libcrypto
import WireText

/// A key that refresh tokens are sealed with.
public struct SealingKey: Sendable {
    /// The size of a key, in octets.
    public static let size = XAES256GCM.keySize
    /// The size of a hint, in octets.
    static let hintSize = 8

    /// An identifier for operators. It reveals nothing about the key and never appears in a token.
    package let keyID: String
    private let cipher: XAES256GCM
    private let hintKey: SecretBytes
    private let nonceKey: SecretBytes

    /// - Parameter key: ``size`` octets.
    /// - Throws: if libcrypto fails, such as for another size.
    public init(_ key: SecretBytes) throws(LibcryptoError) {
        cipher = try XAES256GCM(key: key)
        // Each use has a derived key of its own, NIST SP 800-108r1 with HMAC.
        hintKey = try Self.derive("writ sealing key hint", from: key)
        nonceKey = try Self.derive("writ dpop nonce", from: key)
        keyID = try Self.derive("writ sealing key id", from: key).withBytes { (octets) throws(LibcryptoError) in
            octets.extracting(..<Self.hintSize).hexadecimal
        }
    }

    /// Shows a holder of the key that a token is sealed with it, and is noise to all others: two tokens of one key have
    /// nothing in common.
    func hint(for nonce: Span<UInt8>) throws(LibcryptoError) -> [UInt8] {
        Array(try MessageAuthenticationCode.make(for: nonce, key: hintKey, hash: .sha256)[..<Self.hintSize])
    }

    /// The MAC of a DPoP nonce, 32 octets.
    func nonceCode(for octets: [UInt8]) throws(LibcryptoError) -> [UInt8] {
        try MessageAuthenticationCode.make(for: octets.span, key: nonceKey, hash: .sha256)
    }

    func seal(
        _ text: [UInt8], nonce: [UInt8], authenticating associated: [UInt8]
    ) throws(LibcryptoError) -> [UInt8] {
        try cipher.seal(text.span, nonce: nonce.span, authenticating: associated.span)
    }

    /// - Returns: `nil` if the octets were not sealed with this key, `nonce` and `associated`.
    func open(
        _ sealed: Span<UInt8>, nonce: Span<UInt8>, authenticating associated: [UInt8]
    ) throws(LibcryptoError) -> [UInt8]? {
        try cipher.open(sealed, nonce: nonce, authenticating: associated.span)
    }

    private static func derive(_ label: String, from key: SecretBytes) throws(LibcryptoError) -> SecretBytes {
        var code = try MessageAuthenticationCode.make(for: label.utf8.span, key: key, hash: .sha256)
        return try SecretBytes(moving: &code)
    }
}

extension Span<UInt8> {
    fileprivate var hexadecimal: String {
        var digits: [UInt8] = []
        for index in indices { digits += [ASCII.hexDigit(self[index] >> 4), ASCII.hexDigit(self[index] & 15)] }
        return String(decoding: digits, as: UTF8.self)
    }
}
