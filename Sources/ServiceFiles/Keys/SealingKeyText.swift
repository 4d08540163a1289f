import JOSE
import Libcrypto
import OAuth

/// The contents of a `.sealing` file: a key in base64url, and a line break.
enum SealingKeyText {
    static func encode(_ key: SecretBytes) throws(LibcryptoError) -> SecretBytes {
        var text: [UInt8] = []
        // The full capacity is reserved first: an array that grows leaves memory behind that is not cleared.
        text.reserveCapacity(Base64URL.encodedCount(key.count) + 1)
        key.withBytes { Base64URL.append($0, to: &text) }
        text.append(UInt8(ascii: "\n"))
        return try SecretBytes(moving: &text)
    }

    /// - Returns: `nil` if the text is not a key.
    static func decode(_ text: SecretBytes) throws(LibcryptoError) -> SecretBytes? {
        guard var octets = try text.droppingLineBreak().withBytes({ Base64URL.decode($0) }) else { return nil }
        let key = try SecretBytes(moving: &octets)
        return key.count == SealingKey.size ? key : nil
    }
}
