import JOSE
import Libcrypto
import TestSupport
import Testing

/// Properties of every input: a written value is read again, a read value is written the same way, and work is linear
/// in the length of a text.
@Suite struct JOSEPropertyTests {
    private static let characters: [Character] = [
        "a", "Z", "\"", "\\", "/", "\u{0}", "\u{1F}", "\n", "é", "🙂", "\u{2028}",
    ]

    private func string(_ random: inout SeededGenerator) -> String {
        String(
            (0..<Int.random(in: 0..<12, using: &random)).map { _ in Self.characters.randomElement(using: &random) ?? "a"
            })
    }

    private func value(depth: Int, _ random: inout SeededGenerator) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &random) {
        case 0: return .null
        case 1: return .bool(.random(using: &random))
        case 2: return .integer(.random(in: .min ... .max, using: &random))
        case 3: return .number(Double.random(in: -1e300...1e300, using: &random))
        case 4: return .string(string(&random))
        case 5: return .longInteger("-\(UInt64.random(in: 1 << 63 + 1 ... .max, using: &random))")
        case 6:
            return .array((0..<Int.random(in: 0..<5, using: &random)).map { _ in value(depth: depth - 1, &random) })
        default:
            let count = Int.random(in: 0..<5, using: &random)
            return .object(
                JSONObject((0..<count).map { .init("\($0)" + string(&random), value(depth: depth - 1, &random)) }))
        }
    }

    private func text(_ value: JSONValue) -> [UInt8] {
        var writer = JSONWriter()
        writer.value(value)
        return writer.bytes
    }

    @Test("A random JSON value is read as it was written", arguments: 0..<300)
    func jsonIsReadAsItWasWritten(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let value = value(depth: 5, &random)
        let written = text(value)
        let read = try JSONReader.read(written)
        #expect(text(read) == written)
        // A number may be read as an integer.
        if !String(decoding: written, as: UTF8.self).contains("e") { #expect(read == value) }
    }

    /// Half of the texts are invalid JSON.
    @Test(
        "A text with random changes is rejected, or read as a value that is written the same way again",
        arguments: 0..<300)
    func whateverComes(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var octets = text(value(depth: 4, &random))
        for _ in 0..<Int.random(in: 1..<6, using: &random) where !octets.isEmpty {
            let index = Int.random(in: 0..<octets.count, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: octets[index] = .random(in: 0...255, using: &random)
            case 1: octets.remove(at: index)
            default: octets.insert(.random(in: 0...255, using: &random), at: index)
            }
        }
        guard let value = try? JSONReader.read(octets) else { return }
        let written = text(value)
        #expect((try? JSONReader.read(written)).map(text) == written)
    }

    @Test("A JWS is parsed as it was composed", arguments: 0..<100)
    func aJWSIsTakenApartAsItWasPutTogether(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        func octets(_ most: Int) -> [UInt8] {
            (0..<Int.random(in: 0..<most, using: &random)).map { _ in .random(in: 0...255, using: &random) }
        }
        let (payload, signature) = (octets(2000), octets(600))
        let header = Array(Base64URL.encode(Array(#"{"alg":"RS256"}"#.utf8)).utf8)
        let compact = JWSSigningInput(encodedHeader: header, payload: payload).compact(with: signature)
        let jws = try CompactJWS(parsing: String(decoding: compact, as: UTF8.self))
        #expect(jws.unverifiedPayload == payload)
        #expect(jws.header.algorithm == .rs256)
    }

    @Test("A key set is read as it was written", arguments: 1..<12)
    func aSetOfKeysIsReadAsItWasWritten(count: Int) throws {
        let keys = try (0..<count).map { index in
            let key = try index.isMultiple(of: 2) ? PrivateKey.generate(on: .p256) : PrivateKey.generateEd25519()
            let algorithm: SignatureAlgorithm = index.isMultiple(of: 2) ? .es256 : .edDSA
            return JWK(try key.publicKey, keyID: "k\(index)", algorithm: algorithm)
        }
        let written = JWKSet(keys).json()
        #expect(try JWKSet(reading: written).json() == written)
    }

    /// With quadratic work, 16 times the length would take 256 times the work.
    @Test(
        "Reading a JSON text takes linear time",
        arguments: [
            ("[", "1,", "1]"), ("", "[", ""), ("{", #""a":{"#, ""), ("\"", "\\u0041", "\""), ("\"", "é", "\""),
            ("", " ", "1"),
            ("", "1", ""), ("", "\"", ""), ("[", "[],", "[]]"),
        ])
    func noJSONTakesMoreThanItsLength(begin: String, middle: String, end: String) {
        let growth = Effort.growth(
            { Array((begin + String(repeating: middle, count: $0) + end).utf8) }, from: 4000
        ) { _ = try? JSONReader.read($0) }
        #expect(growth < 64)
    }

    @Test("Reading an object with many members takes linear time")
    func manyMembersAreNoMoreWorkEach() {
        let growth = Effort.growth(
            { count in Array(("{" + (0..<count).map { "\"\($0)\":1" }.joined(separator: ",") + "}").utf8) }, from: 1000
        ) { _ = try? JSONReader.read($0) }
        #expect(growth < 64)
    }

    @Test("Parsing a JWS takes linear time", arguments: [".", "a.", "a", "..a"])
    func noJWSTakesMoreThanItsLength(part: String) {
        let growth = Effort.growth({ String(repeating: part, count: $0) }, from: 4000) {
            _ = try? CompactJWS(parsing: $0, maximumLength: .max)
        }
        #expect(growth < 64)
    }
}
