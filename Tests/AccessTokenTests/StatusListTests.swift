import Foundation
import TestSupport
import Testing
import Zlib

@testable import AccessToken

/// The vectors of the draft, ../shared/vectors/token-status-list.json.
private struct StatusListVectors: Decodable {
    struct Short: Decodable {
        let bits: Int
        let statuses: [UInt8]
        let octets: String
        let zlib: String
    }
    struct List: Decodable {
        let bits: Int
        let entries: Int
        let lst: String
        let statuses: [String: UInt8]
        let others: UInt8
    }
    let short: Short
    let lists: [List]

    static let isHere = TestVectors.shared("token-status-list.json") != nil
    static func read() throws -> StatusListVectors {
        let url = try #require(TestVectors.shared("token-status-list.json"))
        return try JSONDecoder().decode(StatusListVectors.self, from: Data(TestVectors.octets(of: url)))
    }
}

@Suite struct StatusListTests {
    /// The list of draft-ietf-oauth-status-list-21 section 4.1.
    private static let statuses: [UInt8] = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]
    private static let compressed: [UInt8] = [0x78, 0xDA, 0xDB, 0xB9, 0x18, 0x00, 0x02, 0x17, 0x01, 0x5D]

    private static func list(_ compressed: [UInt8] = compressed, bits: Int = 1, maximum: Int = 2) throws -> StatusList {
        try StatusList(compressed: compressed, bits: bits, maximumOctets: maximum)
    }

    @Test("draft-ietf-oauth-status-list-21 section 4.1: the first status is in the lowest bit of the first octet")
    func writesAndReadsTheExample() throws {
        var made = StatusList(entryCount: 16)
        for (index, status) in Self.statuses.enumerated() where status == 1 { made.set(index) }
        let read = try Self.list()
        #expect(read == made)
        #expect((0..<16).map { read.status(at: $0) } == Self.statuses)
        #expect(try ZlibFormat.decompress(made.compressed(), maximumCount: 2) == [0xB9, 0xA3])
    }

    @Test(
        "draft-ietf-oauth-status-list-21 appendix: the vectors of 1, 2, 4 and 8 bits are read, each status at its index",
        .enabled(if: StatusListVectors.isHere, "../shared/vectors is not on this machine"))
    func readsTheVectors() throws {
        let vectors = try StatusListVectors.read()
        #expect(vectors.lists.map(\.bits) == [1, 2, 4, 8])
        for vector in vectors.lists {
            let compressed = try #require(Self.base64URL(vector.lst))
            let octets = vector.entries * vector.bits / 8
            let list = try Self.list(compressed, bits: vector.bits, maximum: octets)
            #expect(list.entryCount == vector.entries)
            var differing = 0
            for index in 0..<vector.entries
            where list.status(at: index) != vector.statuses[String(index)] ?? vector.others { differing += 1 }
            #expect(differing == 0, "\(vector.bits) bits")
            #expect(list.status(at: vector.entries) == nil)
            #expect(throws: StatusListError.compression(.tooLong)) {
                try Self.list(compressed, bits: vector.bits, maximum: octets - 1)
            }
            #expect(try Self.list(list.compressed(), bits: vector.bits, maximum: octets) == list)
        }
    }

    @Test(
        "draft-ietf-oauth-status-list-21 appendix: a list of one bit is made as in the vector",
        .enabled(if: StatusListVectors.isHere, "../shared/vectors is not on this machine"))
    func makesTheVector() throws {
        let vectors = try StatusListVectors.read()
        let vector = try #require(vectors.lists.first)
        var list = StatusList(entryCount: vector.entries)
        for index in vector.statuses.keys { list.set(try #require(Int(index))) }
        let expected = try Self.list(try #require(Self.base64URL(vector.lst)), maximum: 1 << 17)
        #expect(list == expected)
        #expect(try Self.list(list.compressed(), maximum: 1 << 17) == expected)
        #expect(vectors.short.statuses == Self.statuses)
        #expect(vectors.short.octets == "b9a3" && vectors.short.zlib == "78dadbb918000217015d")
    }

    private static func base64URL(_ text: String) -> [UInt8]? {
        let standard = text.replacing("-", with: "+").replacing("_", with: "/")
        let padded = standard + String(repeating: "=", count: (4 - standard.count % 4) % 4)
        return Data(base64Encoded: padded).map(Array.init)
    }

    @Test("draft-ietf-oauth-status-list-21 section 8.3: there is no status out of bounds")
    func hasBounds() throws {
        let list = try Self.list()
        for index in [-1, 16, 17, Int.max, Int.min] { #expect(list.status(at: index) == nil, "\(index)") }
        #expect(try Self.list(bits: 8).status(at: 1) == 0xA3)
        #expect(try Self.list(bits: 8).status(at: 2) == nil)
        #expect(StatusList(entryCount: 0).status(at: 0) == nil)
        #expect(StatusList(entryCount: 9).entryCount == 16)
    }

    @Test(
        "draft-ietf-oauth-status-list-21 section 4.1: bits other than 1, 2, 4 and 8 are refused",
        arguments: [0, -1, 3, 5, 7, 9, 16, Int.max, Int.min])
    func refusesOtherBits(bits: Int) {
        #expect(throws: StatusListError.unknownBits) { try Self.list(bits: bits) }
    }

    @Test("What is not in the zlib format, or is too long, is no list")
    func refusesOtherFormats() {
        #expect(throws: StatusListError.compression(.malformed)) { try Self.list([0xB9, 0xA3]) }
        #expect(throws: StatusListError.compression(.malformed)) { try Self.list(Array(Self.compressed.dropLast())) }
        #expect(throws: StatusListError.compression(.trailingOctets)) { try Self.list(Self.compressed + [0]) }
        #expect(throws: StatusListError.compression(.tooLong)) { try Self.list(maximum: 1) }
    }
}
