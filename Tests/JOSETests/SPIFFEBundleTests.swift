import JOSE
import Libcrypto
import Testing

/// SPIFFE Trust Domain and Bundle section 4.
@Suite struct SPIFFEBundleTests {
    private func jwk(_ use: String?, _ keyID: String, _ more: [JSONObject.Member] = []) throws -> JSONValue {
        var writer = JSONWriter()
        JWK(try PrivateKey.generate(on: .p256).publicKey, keyID: keyID, algorithm: nil).write(to: &writer)
        let members = try #require(try JSONReader.read(writer.bytes).object).members.filter { $0.name != "use" }
        return .object(JSONObject(members + (use.map { [.init("use", .string($0))] } ?? []) + more))
    }

    private func bundle(_ keys: [JSONValue], _ more: [JSONObject.Member] = []) -> [UInt8] {
        var writer = JSONWriter()
        writer.value(.object(JSONObject([.init("keys", .array(keys))] + more)))
        return writer.bytes
    }

    @Test("Section 4.2.2: the keys whose use is jwt-svid count, and all others are skipped")
    func uses() throws {
        let bundle = try SPIFFEBundle(
            reading: bundle([
                jwk("x509-svid", "a"), jwk("jwt-svid", "b"), jwk("sig", "c"), jwk(nil, "d"), jwk("JWT-SVID", "e"),
                jwk("jwt-svid", "f", [.init("d", .string("AA"))]), .integer(7),
            ]))
        #expect(bundle.keys.keys.map(\.keyID) == ["b"])
        #expect(bundle.keys.ignored.map(\.position) == [1, 3, 4, 5, 6, 7])
        #expect(bundle.keys.ignored.map(\.reason)[4] == .invalid(.privateMember))
    }

    @Test(
        "Section 4.1.2: the refresh hint is a number of seconds",
        arguments: [
            (JSONValue.integer(300), 300), (.integer(0), nil), (.integer(-1), nil), (.string("300"), nil),
            (.number(1.5), nil),
        ] as [(JSONValue, Int64?)])
    func refreshHints(value: JSONValue, hint: Int64?) throws {
        #expect(try SPIFFEBundle(reading: bundle([], [.init("spiffe_refresh_hint", value)])).refreshHint == hint)
    }

    @Test("A text that is no JWK Set is no bundle", arguments: ["", "{", "[]", "{}", #"{"keys":{}}"#])
    func noBundle(text: String) {
        #expect(throws: JWKSetError.self) { try SPIFFEBundle(reading: Array(text.utf8)) }
    }
}
