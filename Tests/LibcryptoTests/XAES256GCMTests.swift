import CLibcrypto
import Foundation
import TestSupport
import Testing

@testable import Libcrypto

/// The vectors of the C2SP specification.
@Suite struct XAES256GCMTests {
    private struct Vectors: Decodable {
        struct Vector: Decodable {
            let key: String
            let nonce_ascii: String
            let plaintext_ascii: String
            let aad_ascii: String
            let ciphertext: String
        }
        let vectors: [Vector]
        let accumulated: [String: String]
    }

    private static func vectors() throws -> Vectors? {
        guard let url = TestVectors.shared("xaes-256-gcm.json") else { return nil }
        return try JSONDecoder().decode(Vectors.self, from: Data(TestVectors.octets(of: url)))
    }

    private static func cipher(_ key: [UInt8]) throws -> XAES256GCM {
        try XAES256GCM(key: SecretBytes(copying: key.span))
    }

    /// The specification itself has these two, so they run everywhere.
    @Test(
        "C2SP XAES-256-GCM: the vectors of the specification are sealed and opened",
        arguments: [
            (1, "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"),
            (3, "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"),
        ] as [(UInt8, String, String)])
    func sealsAsTheSpecificationSays(key: UInt8, associated: String, expected: String) throws {
        let cipher = try Self.cipher([UInt8](repeating: key, count: 32))
        let nonce = Array("ABCDEFGHIJKLMNOPQRSTUVWX".utf8)
        let text = Array("XAES-256-GCM".utf8)
        let data = Array(associated.utf8)
        let sealed = try cipher.seal(text.span, nonce: nonce.span, authenticating: data.span)
        #expect(sealed == [UInt8](hexadecimal: expected))
        #expect(try cipher.open(sealed.span, nonce: nonce.span, authenticating: data.span) == text)
    }

    @Test("C2SP XAES-256-GCM: a change to text, tag, nonce, associated data or key is detected")
    func whatWasChangedIsNotOpened() throws {
        let cipher = try Self.cipher([UInt8](repeating: 7, count: 32))
        let nonce = [UInt8](repeating: 1, count: 24)
        let data: [UInt8] = [1, 2, 3]
        let text: [UInt8] = [4, 5, 6]
        let sealed = try cipher.seal(text.span, nonce: nonce.span, authenticating: data.span)
        func opens(_ sealed: [UInt8], _ nonce: [UInt8], _ data: [UInt8], by cipher: XAES256GCM) throws -> Bool {
            try cipher.open(sealed.span, nonce: nonce.span, authenticating: data.span) != nil
        }
        #expect(try opens(sealed, nonce, data, by: cipher))
        for bit in 0..<(sealed.count * 8) {
            var changed = sealed
            changed[bit / 8] ^= 1 << (bit % 8)
            #expect(try !opens(changed, nonce, data, by: cipher))
        }
        for count in 0..<sealed.count { #expect(try !opens(Array(sealed[..<count]), nonce, data, by: cipher)) }
        for index in nonce.indices {
            var changed = nonce
            changed[index] ^= 1
            #expect(try !opens(sealed, changed, data, by: cipher))
        }
        #expect(try !opens(sealed, nonce, [1, 2], by: cipher))
        #expect(try !opens(sealed, nonce, [], by: cipher))
        #expect(try !opens(sealed, Array(nonce.dropLast()), data, by: cipher))
        #expect(try !opens(sealed, nonce, data, by: Self.cipher([UInt8](repeating: 8, count: 32))))
        #expect(throws: LibcryptoError.self) { try Self.cipher([UInt8](repeating: 8, count: 31)) }
    }

    @Test(
        "C2SP XAES-256-GCM: many random messages are sealed as the accumulated vectors",
        arguments: Effort.isSanitized ? [10_000] : [10_000, 1_000_000])
    func sealsManyRandomMessages(count: Int) throws {
        guard let expected = try Self.vectors()?.accumulated[String(count)] else {
            print("Skipped: ../shared/vectors/xaes-256-gcm.json is not here.")
            return
        }
        // 313 octets a message on average.
        let stream = try SHAKE128().output(count: count * 313 + 40_000)
        var position = 0
        func take(_ count: Int) -> [UInt8] {
            position += count
            return Array(stream[(position - count)..<position])
        }
        let results = try SHAKE128()
        for _ in 0..<count {
            let key = take(32)
            let nonce = take(24)
            let plaintext = take(Int(take(1)[0]))
            let associated = take(Int(take(1)[0]))
            let cipher = try XAES256GCM(key: SecretBytes(copying: key.span))
            results.absorb(try cipher.seal(plaintext.span, nonce: nonce.span, authenticating: associated.span))
        }
        #expect(try results.output(count: 32) == [UInt8](hexadecimal: expected))
    }
}

/// libcrypto's SHAKE128, only for the accumulated vectors.
@safe
private final class SHAKE128 {
    private let context: OpaquePointer?

    init() throws {
        unsafe context = EVP_MD_CTX_new()
        guard unsafe EVP_DigestInit_ex2(context, EVP_shake128(), nil) == 1 else {
            throw LibcryptoError(drainingQueueFor: "begin SHAKE128")
        }
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    func absorb(_ octets: [UInt8]) {
        unsafe octets.withUnsafeBytes { _ = unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
    }

    func output(count: Int) throws -> [UInt8] {
        var output = [UInt8](repeating: 0, count: count)
        let status = unsafe output.withUnsafeMutableBufferPointer {
            unsafe EVP_DigestFinalXOF(context, $0.baseAddress, count)
        }
        guard status == 1 else { throw LibcryptoError(drainingQueueFor: "end SHAKE128") }
        return output
    }
}
