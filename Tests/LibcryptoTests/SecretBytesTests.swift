import Foundation
import Libcrypto
import TestSupport
import Testing

@Suite struct SecretBytesTests {
    @Test("A secret holds the octets that were copied")
    func holdsWhatItWasGiven() throws {
        let octets: [UInt8] = [1, 2, 3]
        let secret = try SecretBytes(copying: octets.span)
        #expect(secret.count == 3)
        secret.withBytes { bytes in
            #expect(bytes[0] == 1 && bytes[1] == 2 && bytes[2] == 3)
        }
    }

    @Test("Random secrets differ")
    func randomSecretsDiffer() throws {
        let first = try SecretBytes(randomCount: 32)
        let second = try SecretBytes(randomCount: 32)
        let areEqual = first.withBytes { first in second.withBytes { ConstantTime.areEqual(first, $0) } }
        #expect(!areEqual)
        #expect(try RandomBytes.make(16) != RandomBytes.make(16))
    }

    @Test("A file within the limit is read to its end", arguments: [0, 1, 99, 100])
    func readsAFileWithinItsLimit(size: Int) throws {
        #expect(try read(size: size, limit: 100)?.count == size)
    }

    @Test("A file beyond the limit is rejected")
    func refusesAFileBeyondItsLimit() throws {
        #expect(try read(size: 101, limit: 100) == nil)
    }

    private func read(size: Int, limit: Int) throws -> SecretBytes? {
        let folder = try TemporaryFolder()
        try folder.write(String(repeating: "x", count: size), to: "secret")
        let file = try FileHandle(forReadingFrom: URL(filePath: folder.path("secret")))
        defer { try? file.close() }
        return try SecretBytes(readingFrom: file.fileDescriptor, limit: limit)
    }

    @Test(
        "Octet strings are equal if their lengths and all their octets are",
        arguments: [("", "", true), ("a", "a", true), ("a", "b", false), ("a", "ab", false), ("ab", "ab", true)])
    func comparesOctets(first: String, second: String, areEqual: Bool) {
        let firstOctets = Array(first.utf8)
        let secondOctets = Array(second.utf8)
        #expect(ConstantTime.areEqual(firstOctets.span, secondOctets.span) == areEqual)
    }
}
