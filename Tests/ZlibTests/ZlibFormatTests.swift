import TestSupport
import Testing

@testable import Zlib

@Suite struct ZlibFormatTests {
    /// draft-ietf-oauth-status-list-21 section 4.1.
    private static let octets: [UInt8] = [0xB9, 0xA3]
    private static let compressed: [UInt8] = [0x78, 0xDA, 0xDB, 0xB9, 0x18, 0x00, 0x02, 0x17, 0x01, 0x5D]

    @Test(
        "RFC 1950: compressed octets are decompressed, also none and a great many", arguments: [0, 1, 2, 1000, 300_000])
    func roundTrip(count: Int) throws {
        var generator = SeededGenerator(seed: UInt64(count))
        let octets = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let compressed = try ZlibFormat.compress(octets)
        #expect(try ZlibFormat.decompress(compressed, maximumCount: count) == octets)
    }

    @Test("Octets that are alike take a thousandth when they are compressed")
    func isSmall() throws {
        #expect(try ZlibFormat.compress([UInt8](repeating: 0, count: 1 << 17)).count < 1 << 8)
    }

    @Test("A text may have as many octets as the caller takes, and no more")
    func hasAMaximum() throws {
        #expect(try ZlibFormat.decompress(Self.compressed, maximumCount: 2) == Self.octets)
        #expect(try ZlibFormat.decompress(Self.compressed, maximumCount: 3) == Self.octets)
        for count in [1, 0, -1] {
            #expect(throws: ZlibError.tooLong) {
                try ZlibFormat.decompress(Self.compressed, maximumCount: count)
            }
        }
    }

    @Test("A kilobyte that would become a megabyte is refused, in the memory of the maximum")
    func refusesABomb() throws {
        let bomb = try ZlibFormat.compress([UInt8](repeating: 0, count: 1 << 20))
        #expect(bomb.count < 1 << 11)
        #expect(throws: ZlibError.tooLong) { try ZlibFormat.decompress(bomb, maximumCount: 1 << 17) }
    }

    @Test("A text that is cut off at any place is refused")
    func refusesATruncatedText() throws {
        for count in Self.compressed.indices {
            #expect(throws: ZlibError.malformed, "\(count)") {
                try ZlibFormat.decompress(Array(Self.compressed[..<count]), maximumCount: 100)
            }
        }
    }

    @Test("RFC 1950 section 2.2: a wrong checksum is refused")
    func refusesAWrongChecksum() {
        for index in 6..<10 {
            var wrong = Self.compressed
            wrong[index] ^= 1
            #expect(throws: ZlibError.malformed, "\(index)") { try ZlibFormat.decompress(wrong, maximumCount: 100) }
        }
    }

    @Test("Octets behind the end are refused")
    func refusesTrailingOctets() {
        #expect(throws: ZlibError.trailingOctets) {
            try ZlibFormat.decompress(Self.compressed + [0], maximumCount: 100)
        }
        #expect(throws: ZlibError.trailingOctets) {
            try ZlibFormat.decompress(Self.compressed + Self.compressed, maximumCount: 100)
        }
    }

    @Test("A text that was changed anywhere is refused, or has no more octets than the caller takes")
    func changedTexts() throws {
        var generator = SeededGenerator(seed: 1950)
        let octets = (0..<500).map { _ in UInt8.random(in: 0...3, using: &generator) }
        let compressed = try ZlibFormat.compress(octets)
        for _ in 0..<5000 {
            var changed = compressed
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                changed[Int.random(in: changed.indices, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            let maximum = Int.random(in: 0...1000, using: &generator)
            if let read = try? ZlibFormat.decompress(changed, maximumCount: maximum) { #expect(read.count <= maximum) }
        }
    }

    @Test("RFC 1950 section 2.2: raw DEFLATE, gzip, a dictionary and any other text are refused")
    func refusesOtherFormats() {
        let raw = Array(Self.compressed[2..<6])
        let withDictionary: [UInt8] = [0x78, 0xBB, 0, 0, 0, 1] + raw
        for other in [raw, [0x1F, 0x8B, 8, 0], withDictionary, Array("status".utf8), []] {
            #expect(throws: ZlibError.malformed) { try ZlibFormat.decompress(other, maximumCount: 100) }
        }
    }
}
