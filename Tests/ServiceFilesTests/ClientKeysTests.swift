import AccessToken
import Foundation
import JOSE
import Libcrypto
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

/// The public keys of clients, in `jwks` and in files for `writ clients add --jwks`.
@Suite struct ClientKeysTests {
    private let folder: TemporaryFolder
    private static let path = "keys.json"

    init() throws { folder = try TemporaryFolder() }

    private static func key(_ members: String = "") throws -> String {
        let key = JWK(try PrivateKey.generate(on: .p256).publicKey, keyID: nil, algorithm: nil)
        var writer = JSONWriter()
        key.write(to: &writer)
        return String(decoding: writer.bytes.dropLast(), as: UTF8.self) + members + "}"
    }

    /// What `jwks` with these keys gives in the clients file, and what the file gives.
    private func outcomes(_ keys: [String]) throws -> [(problems: [String], warnings: [String], count: Int?)] {
        let set = "{\"keys\": [\(keys.joined(separator: ", "))]}"
        let text = "clients:\n  - client_id: a\n    jwks: \(set)\n"
        let reading = try ClientsFile(parsing: YAMLText(path: "c", text: text)).read()
        var count: Int?
        if case .fixed(let set) = reading.clients.first?.keys { count = set.keys.count }
        #expect((reading.problems + reading.warnings).allSatisfy { $0.place == .file("c", line: 3) })
        let inClients = (
            reading.problems.map { String($0.message.dropFirst("jwks ".count)) },
            reading.warnings.map { String($0.message.dropFirst("jwks ".count)) }, count
        )
        try folder.write(set, to: Self.path)
        do throws(InvalidConfiguration) {
            let file = try ClientKeysFile(FilePath(folder.path(Self.path)))
            return [inClients, ([], file.warnings.map(\.message), file.keys.keys.count)]
        } catch {
            return [inClients, (error.problems.map(\.message), [], nil)]
        }
    }

    @Test(
        "RFC 7517 section 5: a key that is not understood is skipped with a warning that names it and its place",
        arguments: [
            (#"{"kty":"OKP","crv":"X25519","x":"AA","kid":"a"}"#, "(kid \"a\"): crv is not known"),
            (#"{"kty":"tomorrow","kid":"a\u0007\u202e"}"#, "(kid \"a??\"): kty is not known"),
            (#"{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}"#, ": crv is not known"),
            (#"{"kty":"EC","crv":"P-256","use":"enc"}"#, ": use is not sig"),
            (#"{"kty":"oct","k":"AAAA"}"#, ": it is symmetric"), (#"{"kty":"RSA"}"#, ": n is missing or not base64url"),
            ("7", ": it is not an object"),
        ])
    func skippedKeys(key: String, reason: String) throws {
        for outcome in try outcomes([Self.key(), key]) {
            #expect(outcome.problems.isEmpty && outcome.count == 1)
            #expect(
                outcome.warnings == ["has a key that is skipped: key 2" + (reason.hasPrefix("(") ? " " : "") + reason])
        }
        // Without a key that is left the set is refused.
        for outcome in try outcomes([key]) {
            #expect(outcome.count == nil && outcome.warnings.isEmpty)
            #expect(
                outcome.problems == ["has no key that can be used: key 1" + (reason.hasPrefix("(") ? " " : "") + reason]
            )
        }
    }

    @Test("A key of 1024 bits, or on a curve that is not accepted, is skipped")
    func unsupportedKeys() throws {
        for key in [try PrivateKey.generateRSA(bits: 1024), try PrivateKey.generate(on: .p521)] {
            var writer = JSONWriter()
            JWK(try key.publicKey, keyID: "a", algorithm: nil).write(to: &writer)
            for outcome in try outcomes([String(decoding: writer.bytes, as: UTF8.self), Self.key()]) {
                #expect(
                    outcome.warnings == [
                        "has a key that is skipped: key 1 (kid \"a\"): no supported algorithm accepts it"
                    ])
                #expect(outcome.count == 1)
            }
        }
    }

    @Test("A set with a private half is refused, also if other keys can be used", arguments: ["d", "priv"])
    func privateKeys(name: String) throws {
        for outcome in try outcomes([Self.key(), Self.key(", \"kid\": \"a\", \"\(name)\": \"AA\"")]) {
            #expect(
                outcome.problems == [
                    "has a key that cannot be used: key 2 (kid \"a\"): "
                        + "it contains its private half, which only its owner may have"
                ])
        }
    }

    @Test("Two keys with one kid are a warning, unless no algorithm goes with both")
    func oneKeyID() throws {
        let kid = ", \"kid\": \"a\""
        for outcome in try outcomes([Self.key(kid), Self.key(", \"kid\": \"b\""), Self.key(kid)]) {
            #expect(outcome.problems.isEmpty)
            #expect(outcome.warnings == ["has two keys with one kid, so that both are tried: key 1 and key 3"])
        }
        var writer = JSONWriter()
        JWK(try PrivateKey.generateEd25519().publicKey, keyID: "a", algorithm: nil).write(to: &writer)
        for outcome in try outcomes([Self.key(kid), String(decoding: writer.bytes, as: UTF8.self)]) {
            #expect(outcome.problems.isEmpty && outcome.warnings.isEmpty && outcome.count == 2)
        }
    }

    @Test("More keys without kid than are tried for an assertion are a warning", arguments: [4, 5])
    func manyKeysWithoutID(count: Int) throws {
        for outcome in try outcomes(Array(repeating: Self.key(), count: count) + [Self.key(", \"kid\": \"b\"")]) {
            let warning = "has more than 4 keys without kid: the first 4 that fit an assertion are tried"
            #expect(outcome.warnings == (count > 4 ? [warning] : []))
        }
    }

    @Test("A public exponent below 65537 is accepted with a warning")
    func smallExponents() throws {
        guard case .rsa(let modulus, _) = try PrivateKey.generateRSA(bits: 2048).publicKey.components else { return }
        var writer = JSONWriter()
        JWK(try PublicKey(.rsa(modulus: modulus, exponent: [3])), keyID: "a", algorithm: nil).write(to: &writer)
        for outcome in try outcomes([String(decoding: writer.bytes, as: UTF8.self)]) {
            #expect(outcome.count == 1)
            #expect(outcome.warnings == ["has an RSA key with a public exponent below 65537: key 1"])
        }
    }

    private func pem(_ text: String) throws -> ClientKeysFile {
        try folder.write(text, to: "key.pem")
        return try ClientKeysFile(FilePath(folder.path("key.pem")))
    }

    @Test("A PEM file with one public key is read, and one with two blocks is refused")
    func pemFiles() throws {
        let one = try PrivateKey.generate(on: .p256).publicKey.pem()
        let file = try pem("Comment\n" + one)
        #expect(try file.keys.keys.map(\.keyID) == [file.keys.keys[0].thumbprint()])
        let error = #expect(throws: InvalidConfiguration.self) {
            try pem(one + PrivateKey.generateEd25519().publicKey.pem())
        }
        #expect(error?.problems.map(\.message) == ["holds more than one PEM block"])
    }

    /// Made by `openssl genpkey -algorithm RSA-PSS`, with the options of `-pkeyopt` in the comments.
    @Test(
        "RFC 4055 section 3.1: a key that is restricted to PSS is read as a key for PS256 if its parameters allow that",
        arguments: [
            ("rsa-pss.pub.pem", true),
            // rsa_pss_keygen_md:sha256 rsa_pss_keygen_mgf1_md:sha256 rsa_pss_keygen_saltlen:32
            ("rsa-pss-sha256.pub.pem", true),
            // rsa_pss_keygen_md:sha512 rsa_pss_keygen_mgf1_md:sha512 rsa_pss_keygen_saltlen:64
            ("rsa-pss-sha512.pub.pem", false),
            // rsa_pss_keygen_md:sha256 rsa_pss_keygen_mgf1_md:sha256 rsa_pss_keygen_saltlen:64
            ("rsa-pss-salt64.pub.pem", false),
        ])
    func restrictedKeys(name: String, isUsable: Bool) throws {
        let text = try String(contentsOf: TestVectors.url("keys/\(name)"), encoding: .utf8)
        guard isUsable else {
            let error = #expect(throws: InvalidConfiguration.self) { try pem(text) }
            #expect(
                error?.problems.map(\.message) == [
                    "is not a usable public key: it is an RSA key restricted to PSS with another hash than SHA-256, "
                        + "or with a salt of more than 32 octets"
                ])
            return
        }
        let key = try #require(try pem(text).keys.keys.first)
        #expect(key.algorithm == .ps256 && key.publicKey.type == .rsa(bits: 2048))
        #expect(throws: KeyError.restrictedToPSS) { try PublicKey(pem: Array(text.utf8).span) }
    }
}
