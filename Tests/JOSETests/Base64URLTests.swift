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

    /// Decodes as RFC 4648 section 5 says it, bit by bit.
    private static func octets(_ characters: [UInt8]) -> [UInt8]? {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        let values = characters.map(alphabet.firstIndex(of:))
        guard characters.count % 4 != 1, !values.contains(nil) else { return nil }
        let bits = values.flatMap { value in (0..<6).reversed().map { (value ?? 0) >> $0 & 1 } }
        let count = bits.count / 8
        guard bits[(count * 8)...].allSatisfy({ $0 == 0 }) else { return nil }
        return (0..<count).map { index in UInt8(bits[(index * 8)..<(index * 8 + 8)].reduce(0) { $0 << 1 | $1 }) }
    }

    @Test(
        "Every octet at every place of a text is decoded or rejected as by the definition",
        arguments: Array(0...24) + [36, 37])
    func everyOctetAtEveryPlace(length: Int) {
        // 16 characters are decoded at once, then four, then the rest.
        let text = (0..<length).map { UInt8(ascii: $0.isMultiple(of: 2) ? "A" : "w") }
        #expect(Base64URL.decode(text.span) == Self.octets(text))
        for place in text.indices {
            var changed = text
            for octet in UInt8.min...UInt8.max {
                changed[place] = octet
                if Base64URL.decode(changed.span) != Self.octets(changed) {
                    Issue.record("octet \(octet) at \(place) of \(length)")
                }
            }
        }
    }
}
