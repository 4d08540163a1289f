import AccessToken
import JOSE
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

/// `claims` by the core schema of YAML 1.2, the same for both readers.
@Suite struct CoreSchemaTests {
    /// The value of `a` as JSON, or the problem with it.
    private static func outcome(_ node: some YAMLNode) -> String {
        do throws(NotJSON) {
            var writer = JSONWriter()
            writer.value(try JSONValue(node.members?[0].value ?? node))
            return String(decoding: writer.bytes, as: UTF8.self)
        } catch {
            return error.message
        }
    }

    private static func read(_ value: String) throws -> String {
        let text = "a: \(value)\n"
        let yams = outcome(try #require(try YamsNode.parse(text)))
        if let plain = PlainYAML.read(Array(text.utf8)) { #expect(outcome(plain) == yams, "\(text)") }
        // In brackets, too.
        let inBrackets = "{a: \(value)}"
        if let node = try? YamsNode.parse(inBrackets), !value.isEmpty {
            #expect(outcome(node) == yams, "\(inBrackets)")
        }
        if let plain = PlainYAML.read(Array("- \(inBrackets)".utf8)), let element = plain.elements?.first {
            #expect(outcome(element) == yams, "\(inBrackets)")
        }
        return yams
    }

    @Test(
        "YAML 1.2.2 section 10.3.2: a plain value is what the core schema says",
        arguments: [
            ("", "null"), ("~", "null"), ("null", "null"), ("Null", "null"), ("NULL", "null"), ("nULL", "\"nULL\""),
            ("true", "true"), ("True", "true"), ("TRUE", "true"), ("tRUE", "\"tRUE\""),
            ("false", "false"), ("False", "false"), ("FALSE", "false"),
            ("yes", "\"yes\""), ("No", "\"No\""), ("on", "\"on\""), ("off", "\"off\""), ("y", "\"y\""),
            ("0", "0"), ("-0", "0"), ("42", "42"), ("+42", "42"), ("-42", "-42"), ("0123", "123"), ("08", "8"),
            ("0o17", "15"), ("0x1F", "31"), ("0xff", "255"), ("-0x1F", "\"-0x1F\""), ("0o18", "\"0o18\""),
            ("0x", "\"0x\""), ("0b1", "\"0b1\""), ("0X1F", "\"0X1F\""), ("0x1p3", "\"0x1p3\""),
            ("1_000", "\"1_000\""), ("1,000", "\"1,000\""), ("1:30", "\"1:30\""), ("--1", "\"--1\""), ("+", "\"+\""),
            ("1.5", "1.5"), ("-1.5e3", "-1500.0"), ("1.", "1.0"), (".5", "0.5"), ("1e3", "1000.0"), ("1E-2", "0.01"),
            ("1e", "\"1e\""), ("1.2.3", "\"1.2.3\""), (".", "\".\""), ("e5", "\"e5\""), ("1e+", "\"1e+\""),
            ("inf", "\"inf\""), ("nan", "\"nan\""), ("infinity", "\"infinity\""), ("+.nan", "\"+.nan\""),
            ("2027-01-01", "\"2027-01-01\""), ("a b", "\"a b\""), ("9223372036854775807", "9223372036854775807"),
            ("-9223372036854775808", "-9223372036854775808"), ("٣", "\"٣\""),
            // Quotation marks make text of everything.
            ("\"true\"", "\"true\""), ("'12'", "\"12\""), ("\"\"", "\"\""), ("'null'", "\"null\""),
            ("'.inf'", "\".inf\""),
        ])
    func plainValues(value: String, expected: String) throws {
        // A comma ends a value in brackets.
        guard !value.contains(",") else { return }
        #expect(try Self.read(value) == expected, "\(value)")
    }

    @Test(
        "YAML 1.2.2 section 10.3.1: a tag decides what a value is",
        arguments: [
            ("!!str 0123", "\"0123\""), ("!!str true", "\"true\""), ("!!str", "\"\""), ("!!str ~", "\"~\""),
            ("! 12", "\"12\""), ("! true", "\"true\""), ("!!int \"12\"", "12"), ("!!int 0x1F", "31"),
            ("!!float 1", "1.0"), ("!!float '1.5'", "1.5"), ("!!bool \"true\"", "true"), ("!!null ''", "null"),
            ("!!null ~", "null"), ("!<tag:yaml.org,2002:str> 12", "\"12\""), ("!!seq [1]", "[1]"),
            ("!!map {b: 1}", "{\"b\":1}"), ("[!!str 1, ! 2, 3]", "[\"1\",\"2\",3]"),
        ])
    func taggedValues(value: String, expected: String) throws {
        #expect(try Self.read(value) == expected, "\(value)")
    }

    @Test(
        "A value that JSON cannot express is refused, with the hint to quote it",
        arguments: [
            (".inf", "infinity"), ("-.inf", "infinity"), ("+.INF", "infinity"), (".Inf", "infinity"),
            (".nan", "infinity"), (".NaN", "infinity"), ("1e400", "infinity"), ("-1e999", "infinity"),
            ("9223372036854775808", "64 bits"), ("0xFFFFFFFFFFFFFFFFF", "64 bits"),
            ("!!int 99999999999999999999", "64 bits"),
            ("!!float .inf", "infinity"), ("!!int abc", "fit its tag"), ("!!bool yes", "fit its tag"),
            ("!!null no", "fit its tag"), ("!!float 1_000", "fit its tag"), ("!!seq a", "fit its tag"),
            ("!!timestamp 2027-01-01", "has a tag"), ("!!binary aGk=", "has a tag"), ("!local a", "has a tag"),
            ("!<tag:example.com,2026:a> b", "has a tag"),
        ])
    func refusedValues(value: String, reason: String) throws {
        #expect(try Self.read(value).contains(reason), "\(value)")
        let entry =
            "clients:\n  - client_id: a\n    jwks_uri: https://a.example/k\n    claims:\n      b: 1\n      a: \(value)\n"
        let error = #expect(throws: InvalidConfiguration.self) {
            try ClientsFile.clients(in: YAMLText(path: "clients.yaml", text: entry))
        }
        #expect(error?.problems.map(\.place.line) == [6])
        #expect(error?.problems.first?.hint?.contains("quotation marks") == true)
    }

    @Test("A tag or a merge key that YAML 1.2 does not have is refused in clients.yaml, and holds up no other entry")
    func formOfEntries() throws {
        let good = "  - client_id: good\n    jwks_uri: https://a.example/k\n"
        let text = """
            clients:
            \(good)  - &base
                client_id: base
                jwks_uri: https://a.example/k
              - <<: *base
                client_id: merged
              - client_id: !env NAME
                jwks_uri: https://a.example/k
              - client_id: listed
                jwks_uri: https://a.example/k
                resources: !!set {urn:a}

            """
        let reading = try ClientsFile(parsing: YAMLText(path: "c", text: text)).read()
        #expect(reading.clients.map(\.id.description) == ["good", "base"])
        #expect(
            reading.problems.map(\.description) == [
                "c:7: << is a merge key, which YAML 1.2 does not have\n"
                    + "  hint: write the members out, or put << between quotation marks if it is a name",
                "c:9: has a tag that is not one of !!str, !!int, !!float, !!bool, !!null, !!seq and !!map\n"
                    + "  hint: leave the tag out, and put the value between quotation marks if it is text",
                "c:13: has a tag that is not one of !!str, !!int, !!float, !!bool, !!null, !!seq and !!map\n"
                    + "  hint: leave the tag out, and put the value between quotation marks if it is text",
            ])
    }

    @Test("Tags and merge keys are refused in the settings of both files too")
    func formOfSettings() throws {
        let clients = #expect(throws: InvalidConfiguration.self) {
            try ClientsFile.clients(
                in: YAMLText(
                    path: "c", text: "refresh_tokens_not_before: !soon 2027-01-01T00:00:00Z\n<<: {}\nclients: []\n"))
        }
        #expect(clients?.problems.map(\.place.line) == [1, 2])
        let layers = SettingLayers(
            file: try YAMLText(path: "writ.yaml", text: "issuer: !env ISSUER\n<<: {clients: a}\nclients: !!str b\n"),
            environment: [:], options: [:])
        #expect(layers.problems.map(\.place.line) == [1, 2])
        #expect(layers[.clients]?.text == "b")
    }
}
