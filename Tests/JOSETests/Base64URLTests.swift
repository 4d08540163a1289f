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

    @Test func encodesAsRFC4648Does() throws {
        for pair in try TestVectors.decode(Vectors.self, "rfc4648-10.json").pairs {
            #expect(Base64URL.encode(Array(pair.text.utf8)) == pair.base64url)
            #expect(Base64URL.decode(pair.base64url) == Array(pair.text.utf8))
        }
    }

    @Test func everyLengthComesBack() {
        var octets: [UInt8] = []
        for count in 0..<300 {
            #expect(Base64URL.decode(Base64URL.encode(octets)) == octets)
            octets.append(UInt8(truncatingIfNeeded: count &* 37))
        }
    }

    @Test(arguments: ["A", "AAAAA", "Zg==", "Zg=", "Z g", "Zg\n", "Z+", "Z/", "Zé", "Zh", "Zm9", "////", "\u{0}\u{0}"])
    func refusesWhatHasAnotherSpelling(text: String) {
        // "Zh" and "Zm9" carry bits that no octet uses; a second spelling of one value is a way around comparisons.
        #expect(Base64URL.decode(text) == nil)
    }
}
