import Libcrypto
import TestSupport
import Testing

@Suite struct DigestTests {
    private struct Digests: Decodable {
        struct Message: Decodable {
            let text: String
            let sha256: String
            let sha384: String
            let sha512: String
        }
        let messages: [Message]
    }

    private struct Codes: Decodable {
        struct Case: Decodable {
            let key: String
            let data: String
            let sha256: String
            let sha512: String
        }
        let cases: [Case]
    }

    @Test("FIPS 180-4: digests are those of the published examples")
    func digestsAreThoseOfFIPS180() throws {
        for message in try TestVectors.decode(Digests.self, "sha2-fips180.json").messages {
            let octets = Array(message.text.utf8)
            #expect(try HashFunction.sha256.digest(of: octets.span).hexadecimal == message.sha256)
            #expect(try HashFunction.sha384.digest(of: octets.span).hexadecimal == message.sha384)
            #expect(try HashFunction.sha512.digest(of: octets.span).hexadecimal == message.sha512)
        }
    }

    @Test("RFC 4231 section 4: HMACs are those of the test cases")
    func codesAreThoseOfRFC4231() throws {
        for vector in try TestVectors.decode(Codes.self, "hmac-rfc4231.json").cases {
            let keyOctets = [UInt8](hexadecimal: vector.key)
            let key = try SecretBytes(copying: keyOctets.span)
            let data = [UInt8](hexadecimal: vector.data)
            for (hash, expected) in [(HashFunction.sha256, vector.sha256), (.sha512, vector.sha512)] {
                let code = try MessageAuthenticationCode.make(for: data.span, key: key, hash: hash)
                #expect(code.hexadecimal == expected)
            }
        }
    }
}

extension [UInt8] {
    var hexadecimal: String {
        map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    init(hexadecimal text: String) {
        let digits = text.compactMap { $0.hexDigitValue }
        self = stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
    }
}
