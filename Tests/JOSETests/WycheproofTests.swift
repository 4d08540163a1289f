import JOSE
import Libcrypto
import TestSupport
import Testing

/// Wycheproof's vectors for JWS and JWK. Each case with another result here is listed with the reason.
@Suite struct WycheproofTests {
    private struct Case {
        let id: Int64
        let keys: JWKSet
        let jws: String
        let isValid: Bool
    }

    /// Cases with another result than the expected one, each with the reason.
    private static let exceptions: [String: [Int64: String]] = [
        "json_web_signature_test.json": [
            346: "the key is for PS256 and the signature PS384: the key decides (RFC 8725 section 3.1)",
            347: "the key is for ES521, which is not an algorithm",
            350: "as 346", 351: "as 347",
            1: "the key is symmetric, and no MAC is in the table", 348: "as 1", 352: "as 1", 357: "as 1", 358: "as 1",
            359: "as 1", 376: "as 1", 377: "as 1",
            372: "as 1", 373: "as 1",
        ],
        "json_web_key_test.json": [
            2: "symmetric keys of a set are skipped: a published key cannot be secret", 13: "as 2", 14: "as 2",
            15: "as 2", 7: "keys with the flaw called ROCA are not detected",
        ],
    ]

    private static func cases(_ name: String) throws -> [Case]? {
        guard let url = TestVectors.shared("wycheproof/\(name)") else { return nil }
        let groups = try #require(try JSONReader.read(TestVectors.octets(of: url)).object?["testGroups"]?.array)
        return try groups.flatMap { group -> [Case] in
            let group = try #require(group.object)
            let key = try #require((group["public"] ?? group["private"])?.object)
            let keys = key["keys"] == nil ? single(key) : try set(key)
            return try #require(group["tests"]?.array).map { test in
                let test = try #require(test.object)
                let id = try #require(test["tcId"]?.integer)
                return Case(
                    id: id, keys: keys, jws: try #require(test["jws"]?.string),
                    isValid: test["result"] == .string("valid"))
            }
        }
    }

    /// A set without the key if it is not understood.
    private static func single(_ key: JSONObject) -> JWKSet {
        JWKSet([try? JWK(reading: key)].compactMap { $0 })
    }

    private static func set(_ set: JSONObject) throws -> JWKSet {
        var writer = JSONWriter()
        writer.value(.object(set))
        return try JWKSet(reading: writer.bytes)
    }

    @Test(
        "Every case has the result that Wycheproof expects, except those with a reason",
        arguments: ["json_web_signature_test.json", "json_web_key_test.json"])
    func meetsEveryExpectation(name: String) throws {
        guard let cases = try Self.cases(name) else {
            print("Skipped: ../shared/vectors/wycheproof is not here.")
            return
        }
        let unexpected = cases.filter { test in
            test.isValid != ((try? CompactJWS(parsing: test.jws).verified(by: test.keys)) != nil)
        }
        #expect(unexpected.map(\.id).sorted() == Self.exceptions[name, default: [:]].keys.sorted())
    }
}
