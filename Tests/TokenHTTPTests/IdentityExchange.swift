import Foundation
import JOSE
import Libcrypto
import ServiceFixture
import TestSupport
import Testing

/// The tokens of platforms in Tests/Exchanges/identities: the documented claims, signed with keys of Tests/Vectors.
enum IdentityExchange {
    /// By `kid`.
    private static let keys: [String: (file: String, scheme: SignatureScheme)] = [
        "test-rs256": ("rsa-3072.pem", .rsaPKCS1(.sha256)), "test-es256": ("p256.pem", .ecdsa(.p256, .sha256)),
        "test-es384": ("p384.pem", .ecdsa(.p384, .sha384)),
    ]

    /// The tokens by the names of their files.
    static func tokens() throws -> [String: String] {
        var tokens: [String: String] = [:]
        for file in try TestVectors.files(in: Exchange.folder("identities")) where file.pathExtension == "json" {
            guard let object = try JSONReader.read(TestVectors.octets(of: file)).object, let header = object["header"],
                let claims = object["claims"]
            else { continue }
            tokens[file.deletingPathExtension().lastPathComponent] = try token(header, claims)
        }
        return tokens
    }

    private static func token(_ header: JSONValue, _ claims: JSONValue) throws -> String {
        func text(_ value: JSONValue) -> [UInt8] {
            var writer = JSONWriter()
            writer.value(value)
            return writer.bytes
        }
        let (file, scheme) = try #require(keys[header.object?["kid"]?.string ?? ""])
        let pem = try TestVectors.octets("keys/\(file)")
        let copy = try SecretBytes(copying: pem.span)
        let key = try PrivateKey(pem: copy)
        let input = JWSSigningInput(
            encodedHeader: Array(Base64URL.encode(text(header)).utf8), payload: text(claims))
        let signature = try SigningContext(key: key, scheme: scheme).sign(input.octets.span)
        return input.compactText(with: signature)
    }

    /// A working folder with the issuers and the clients of the recorded exchanges.
    static func fixture() throws -> ServiceFixture {
        let fixture = try ServiceFixture()
        for name in ["issuers.yaml", "clients.yaml", "keys.json", "bundle.json"] {
            let file = Exchange.folder("identities").appending(path: name)
            try fixture.folder.write(String(contentsOf: file, encoding: .utf8), to: name)
        }
        return fixture
    }
}
