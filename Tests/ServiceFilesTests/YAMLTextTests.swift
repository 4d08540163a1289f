import AccessToken
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

@Suite struct YAMLTextTests {
    @Test(
        "A line break that editors do not show is refused with its line, wherever it stands",
        arguments: [("\u{85}", "U+0085"), ("\u{2028}", "U+2028"), ("\u{2029}", "U+2029"), ("\r", "a carriage return")])
    func hiddenLineBreaks(mark: String, name: String) throws {
        for line in ["# a\(mark)scope: b", "a: \"b\(mark)c\"", "a: b\(mark)    scope: admin", "a: b\(mark)"] {
            let error = #expect(throws: InvalidConfiguration.self) {
                try YAMLText(path: "writ.yaml", text: "first: a\r\n\(line)")
            }
            #expect(error?.problems.map(\.place) == [.file("writ.yaml", line: 2)])
            #expect(error?.problems.first?.message.contains(name) == true)
        }
    }

    @Test("A file with such a line break is refused when it is read, both the configuration and the clients")
    func hiddenLineBreaksInFiles() throws {
        let folder = try TemporaryFolder()
        for (name, text) in [
            ("writ.yaml", "issuer: https://a.example\u{2028}tls: terminated-upstream\n"),
            ("clients.yaml", "clients:\n  - client_id: a\u{2028}    scope: admin\n"),
        ] {
            try folder.write(text, to: name)
            #expect(throws: InvalidConfiguration.self) {
                try YAMLText(reading: FilePath(folder.path(name)), .command())
            }
            #expect(throws: InvalidConfiguration.self) { try ClientsFile(parsing: FilePath(folder.path(name))) }
        }
    }

    @Test("Ordinary line ends, and other characters of three octets, are read", arguments: ["\n", "\r\n"])
    func ordinaryLineBreaks(end: String) throws {
        let text = ["a: b", "# \u{2027}\u{202A}\u{A0}", "c: d", ""].joined(separator: end)
        let yaml = try YAMLText(path: "writ.yaml", text: text)
        #expect(yaml.content?.members?.map(\.line) == [1, 3])
    }

    @Test(
        "The line end that YAML adds to a folded scope does not count, and another one is explained",
        arguments: [
            (">\n      a\n      b\n", "a b"), (">-\n      a\n      b\n", "a b"), (">+\n      a b\n\n\n", "a b"),
            ("|\n      a b\n", "a b"), ("a\n      b\n", "a b"), ("\"a\n      b\"\n", "a b"),
            ("|\n      a\n      b\n", nil), (">\n      a\n\n      b\n", nil), ("\"a b\\n\"\n", nil),
        ] as [(String, String?)])
    func foldedScopes(value: String, expected: String?) throws {
        let text = "clients:\n  - client_id: a\n    jwks_uri: https://a.example/k\n    scope: \(value)"
        let reading = try ClientsFile(parsing: YAMLText(path: "c", text: text)).read()
        #expect(reading.clients.first?.scope.description == expected)
        if expected == nil {
            #expect(
                reading.problems.map(\.message) == [
                    "scope has a line end among its tokens: `scope: >-` makes one line of several"
                ])
        }
    }

    @Test(
        "RFC 3339: a time that does not exist, or is followed by something, is refused; small letters are accepted",
        arguments: [
            ("2027-02-28T00:00:00Z", true), ("2027-02-28t00:00:00z", true), ("2027-02-28T00:00:00.5+01:00", true),
            ("2027-02-30T00:00:00Z", false), ("2027-02-28T25:00:00Z", false), ("2027-02-28T24:00:00Z", false),
            ("2027-02-28T00:00:00Z or so", false), ("2027-02-28T00:00:00Zx", false), ("2027-02-28", false),
            ("2027-13-01T00:00:00Z", false), ("2027-02-28T00:00:00", false), ("2027-02-28T00:00:00+25:00", false),
            ("2100-02-29T00:00:00Z", false), ("2027-02-28 00:00:00Z", false), ("2027-02-28T00:00:00Z\u{301}", false),
        ])
    func times(text: String, isTime: Bool) throws {
        let hash = "sha256:K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols"
        for member in ["refresh_tokens_not_before: \(text)", "client_name: a"] {
            let expiry = member.utf8.first == UInt8(ascii: "c") ? text : "2027-01-01T00:00:00Z"
            let yaml = """
                clients:
                  - client_id: a
                    client_secrets:
                      - hash: "\(hash)"
                        expires_at: \(expiry)
                    \(member)

                """
            let reading = try ClientsFile(parsing: YAMLText(path: "c", text: yaml)).read()
            #expect(reading.problems.isEmpty == isTime, "\(yaml)")
        }
        let all = "refresh_tokens_not_before: \(text)\nclients: []\n"
        #expect(try ClientsFile(parsing: YAMLText(path: "c", text: all)).read().problems.isEmpty == isTime)
    }
}
