import CLibcrypto

/// XAES-256-GCM, C2SP specification: AES-256-GCM with a key that is derived for each message. Nonces are long enough to
/// be random for any number of messages.
public struct XAES256GCM: Sendable {
    /// In octets.
    public static let keySize = 32
    /// In octets.
    public static let nonceSize = 24
    /// In octets. The tag follows the ciphertext.
    public static let tagSize = 16

    private static let blockSize = 16

    private let key: SecretBytes
    /// K1 of CMAC, NIST SP 800-38B section 6.1.
    private let subkey: SecretBytes

    /// - Throws: if the key does not have ``keySize`` octets, or libcrypto fails.
    public init(key: SecretBytes) throws(LibcryptoError) {
        guard key.count == Self.keySize else { throw LibcryptoError(invalidLengthFor: "use a key for XAES-256-GCM") }
        self.key = key
        subkey = try Self.doubled(Self.encrypted([UInt8](repeating: 0, count: Self.blockSize), under: key))
    }

    /// Encrypts and authenticates.
    ///
    /// - Parameters:
    ///   - nonce: ``nonceSize`` octets, random and never used again with this key.
    ///   - associated: data that is not encrypted, and must be the same when the text is opened.
    /// - Returns: the ciphertext, as long as `plaintext`, and the tag.
    public func seal(
        _ plaintext: Span<UInt8>, nonce: Span<UInt8>, authenticating associated: Span<UInt8>
    ) throws(LibcryptoError) -> [UInt8] {
        let context = try context(.encrypt, nonce: nonce)
        try context.authenticate(associated)
        var sealed = try Self.updated(context, plaintext)
        guard context.finish() else { throw LibcryptoError(drainingQueueFor: "encrypt") }
        sealed += try context.tag(count: Self.tagSize)
        return sealed
    }

    /// Decrypts and authenticates.
    ///
    /// - Returns: `nil` if `sealed` was not made with this key, nonce and associated data.
    public func open(
        _ sealed: Span<UInt8>, nonce: Span<UInt8>, authenticating associated: Span<UInt8>
    ) throws(LibcryptoError) -> [UInt8]? {
        let end = sealed.count - Self.tagSize
        guard end >= 0, nonce.count == Self.nonceSize else { return nil }
        let context = try context(.decrypt, nonce: nonce)
        try context.authenticate(associated)
        let text = try Self.updated(context, sealed.extracting(..<end))
        try context.expect(tag: (end..<sealed.count).map { sealed[$0] })
        return context.finish() ? text : nil
    }

    private func context(
        _ direction: CipherContext.Direction, nonce: Span<UInt8>
    ) throws(LibcryptoError) -> CipherContext {
        guard nonce.count == Self.nonceSize else {
            throw LibcryptoError(invalidLengthFor: "use a nonce for XAES-256-GCM")
        }
        return try CipherContext(
            .aes256GCM, direction, key: derivedKey(nonce.extracting(..<12)), nonce: nonce.extracting(12...))
    }

    /// The key derivation of NIST SP 800-108r1 in counter mode over CMAC: two blocks, each short enough for one AES
    /// call.
    private func derivedKey(_ prefix: Span<UInt8>) throws(LibcryptoError) -> SecretBytes {
        var blocks: [UInt8] = []
        for counter in 1...2 as ClosedRange<UInt8> {
            blocks += [0, counter, UInt8(ascii: "X"), 0]
            for index in prefix.indices { blocks.append(prefix[index]) }
        }
        subkey.withBytes { subkey in
            for index in blocks.indices { blocks[index] ^= subkey[index % Self.blockSize] }
        }
        // Together with the prefix, the blocks would reveal the subkey.
        defer { blocks.cleanse() }
        return try Self.encrypted(blocks, under: key)
    }

    /// Encrypts whole blocks, each independently of the others.
    private static func encrypted(_ blocks: [UInt8], under key: SecretBytes) throws(LibcryptoError) -> SecretBytes {
        let noNonce: [UInt8] = []
        let context = try CipherContext(.aes256ECB, .encrypt, key: key, nonce: noNonce.span)
        return try unsafe SecretBytes(count: blocks.count) { (output) throws(LibcryptoError) in
            try unsafe context.update(blocks.span, into: output)
        }
    }

    /// `block` multiplied by x in the field of CMAC, in constant time.
    private static func doubled(_ block: SecretBytes) throws(LibcryptoError) -> SecretBytes {
        try block.withBytes { (block) throws(LibcryptoError) in
            try unsafe SecretBytes(count: block.count) { output in
                guard let output = unsafe output else { return }
                for index in block.indices {
                    let next = index + 1 < block.count ? block[index + 1] >> 7 : 0
                    unsafe output[index] = block[index] << 1 | next
                }
                unsafe output[block.count - 1] ^= (block[0] >> 7) &* 0x87
            }
        }
    }

    private static func updated(
        _ context: borrowing CipherContext, _ input: Span<UInt8>
    ) throws(LibcryptoError) -> [UInt8] {
        // An array of capacity 0 would write the count of the storage that all empty arrays share.
        guard !input.isEmpty else { return [] }
        var failure: LibcryptoError?
        let output = unsafe [UInt8](unsafeUninitializedCapacity: input.count) { buffer, count in
            do throws(LibcryptoError) {
                try unsafe context.update(input, into: buffer.baseAddress)
                count = input.count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return output
    }
}
