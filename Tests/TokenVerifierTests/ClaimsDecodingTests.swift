import AccessToken
import Foundation
import JOSE
import Testing
import TokenVerifier
import TokenVerifierTesting

@Suite struct ClaimsDecodingTests {
    private func decode<Claims: Decodable>(_ type: Claims.Type, _ claims: [String: JSONValue]) throws -> Claims {
        let issuer = try TestIssuer()
        let token = try #require(
            try issuer.verifier(now: { NumericDate(1_795_000_000) })
                .verifyUsingCachedKeys(issuer.token(now: NumericDate(1_795_000_000), claims: claims)))
        return try token.claims(as: type)
    }

    private struct Everything: Decodable, Equatable {
        enum Level: String, Decodable { case low, high }
        struct Inner: Decodable, Equatable { let names: [String]; let pairs: [String: Int] }
        let sub: String
        let exp: NumericDate
        let iat: Date
        let employee: UInt64
        let small: Int8
        let ratio: Double
        let whole: Int
        let isActive: Bool
        let level: Level
        let home: URL
        let digest: Data
        let inner: Inner
        let mixed: [Int?]
        let missing: String?
        let null: String?
    }

    @Test("A payload is decoded into a type of the program's own")
    func decodes() throws {
        let decoded = try decode(
            Everything.self,
            [
                "employee": .longInteger("12345678901234567890"), "small": -128, "ratio": .number(0.5),
                "whole": .number(3),
                "isActive": true, "level": "high", "home": "https://a.example/b", "digest": "AQID",
                "inner": ["names": ["a", "b"], "pairs": ["x": 1]], "mixed": [1, .null, 3], "null": .null,
            ])
        #expect(
            decoded
                == Everything(
                    sub: "test-client", exp: NumericDate(1_795_003_600),
                    iat: Date(timeIntervalSince1970: 1_795_000_000),
                    employee: 12_345_678_901_234_567_890, small: -128, ratio: 0.5, whole: 3, isActive: true,
                    level: .high, home: try #require(URL(string: "https://a.example/b")), digest: Data([1, 2, 3]),
                    inner: .init(names: ["a", "b"], pairs: ["x": 1]), mixed: [1, nil, 3], missing: nil, null: nil))
    }

    private struct One<Value: Decodable>: Decodable { let value: Value }

    @Test("A value that the type cannot hold exactly is an error, which does not contain it")
    func refuses() throws {
        func expectError<Value: Decodable>(_ type: Value.Type, _ value: JSONValue) throws {
            let error = #expect(throws: DecodingError.self) { try decode(One<Value>.self, ["value": value]) }
            #expect(!String(describing: error).contains("777"))
        }
        try expectError(Int8.self, 777)
        try expectError(UInt.self, -777)
        try expectError(Int64.self, .longInteger("77777777777777777777"))
        try expectError(Int.self, .number(777.5))
        try expectError(Int.self, "777")
        try expectError(String.self, 777)
        try expectError(Bool.self, 777)
        try expectError(Double.self, .longInteger("777" + String(repeating: "0", count: 400)))
        try expectError([Int].self, 777)
        try expectError([String: Int].self, [777])
        try expectError(Data.self, "777=")
        try expectError(String.self, .null)
        try expectError(Decimal.self, .longInteger("777" + String(repeating: "7", count: 40)))
        try expectError(Decimal.self, .number(7.77e200))
        try expectError(Decimal.self, "777")
        let missing = #expect(throws: DecodingError.self) { try decode(One<Int>.self, [:]) }
        guard case .keyNotFound(let key, _)? = missing else { Issue.record("another error"); return }
        #expect(key.stringValue == "value")
    }

    @Test("A Decimal has every digit of a number that it can hold")
    func decimals() throws {
        let rows: [(JSONValue, String)] = [
            (.number(0.1), "0.1"), (.number(-12.05), "-12.05"), (.number(1e-7), "0.0000001"), (3, "3"),
            (.longInteger("12345678901234567890123456789"), "12345678901234567890123456789"),
            (.longInteger("-92233720368547758090"), "-92233720368547758090"),
        ]
        for (value, text) in rows {
            #expect(try decode(One<Decimal>.self, ["value": value]).value == Decimal(string: text), "\(text)")
        }
    }

    @Test("A JSONValue has the claim as it is, null and long integers included")
    func anyValues() throws {
        struct Claims: Decodable {
            let value: JSONValue, optional: JSONValue?, list: [JSONValue], map: [String: JSONValue]
        }
        let values: [JSONValue] = [
            .null, true, 1, .longInteger("12345678901234567890"), .number(0.5), "a", ["a", .null], ["a": ["b": 1]],
        ]
        for value in values {
            let claims = try decode(
                Claims.self, ["value": value, "list": .array(values), "map": ["a": value, "b": .null]])
            #expect(claims.value == value && claims.optional == nil && claims.list == values)
            #expect(claims.map == ["a": value, "b": .null])
        }
        // Another decoder reads it too.
        let text = #"{"value":[null,true,1,0.5,"a",{"b":[]}]}"#
        let value = try JSONDecoder().decode(One<JSONValue>.self, from: Data(text.utf8)).value
        #expect(value == [.null, true, 1, .number(0.5), "a", ["b": []]])
    }

    private enum Level: String, Decodable { case low, high }

    private struct Tenant: Decodable { let levels: [Level] }

    @Test("A value that is no case of an enum is an error, which does not contain it")
    func enums() throws {
        #expect(try decode(One<Tenant>.self, ["value": ["levels": ["low", "high"]]]).value.levels == [.low, .high])
        for value: JSONValue in [["levels": ["low", "777"]], ["levels": [777]]] {
            let error = #expect(throws: DecodingError.self) { try decode(One<Tenant>.self, ["value": value]) }
            #expect(!String(describing: error).contains("777"))
        }
    }

    private class Base: Decodable { let sub: String }
    private final class Derived: Base {
        let iss: String
        private enum CodingKeys: String, CodingKey { case iss }

        required init(from decoder: any Decoder) throws {
            iss = try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .iss)
            try super.init(from: decoder)
        }
    }

    @Test("A class with a superclass, and an array taken apart by hand, are decoded")
    func containers() throws {
        let derived = try decode(Derived.self, [:])
        #expect(derived.iss == "https://issuer.example.com" && derived.sub == "test-client")
        struct Pair: Decodable {
            let first: Int, second: [String]
            init(from decoder: any Decoder) throws {
                var elements = try decoder.unkeyedContainer()
                #expect(elements.count == 2)
                first = try elements.decode(Int.self)
                second = try elements.decode([String].self)
                #expect(elements.isAtEnd)
                #expect(throws: DecodingError.self) { try elements.decode(Int.self) }
            }
        }
        let pair = try decode(One<Pair>.self, ["value": [1, ["a"]]]).value
        #expect(pair.first == 1 && pair.second == ["a"])
    }
}
