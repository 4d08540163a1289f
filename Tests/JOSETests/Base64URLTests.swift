import JOSE
import TestSupport
import Testing

@Suite struct Base64URLTests {
    private struct Vectors: Decodable {
        struct Pair: Decodable {
            let text: String
            let base64url: String
        }
        let pairs: [Pair]
    }

    @Test("RFC 4648 section 10: the test vectors are encoded and decoded without padding")
    func encodesAsRFC4648Does() throws {
        for pair in try TestVectors.decode(Vectors.self, "rfc4648-10.json").pairs {
            #expect(Base64URL.encode(Array(pair.text.utf8)) == pair.base64url)
            #expect(Base64URL.decode(pair.base64url) == Array(pair.text.utf8))
        }
    }

    @Test("Octets of every length are the same after encoding and decoding")
    func everyLengthComesBack() {
        var octets: [UInt8] = []
        for count in 0..<300 {
            #expect(Base64URL.decode(Base64URL.encode(octets)) == octets)
            octets.append(UInt8(truncatingIfNeeded: count &* 37))
        }
    }

    @Test(
        "RFC 7515 section 2: padding, other characters and left-over bits are rejected",
        arguments: ["A", "AAAAA", "Zg==", "Zg=", "Z g", "Zg\n", "Z+", "Z/", "Zé", "Zh", "Zm9", "////", "\u{0}\u{0}"])
    func refusesWhatHasAnotherSpelling(text: String) {
        // "Zh" and "Zm9" have left-over bits that are not zero. A second encoding of one value could evade a
        // comparison.
        #expect(Base64URL.decode(text) == nil)
    }
}
