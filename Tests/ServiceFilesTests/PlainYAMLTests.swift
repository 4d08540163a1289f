import TestSupport
import Testing

@testable import ServiceFiles

/// Every text that the fast reader accepts has the same meaning for Yams.
@Suite struct PlainYAMLTests {
    private static let text = """
        # All of them
        clients:
          # The first
          - client_id: a-1
            client_name: Dünne Äste: 3 of
            client_secrets:
              - hash: "sha256:7BjqyNdYseulLTwQ05rcbdmAZHLLSuBpY104PZCGpRM"
                expires_at: 2027-01-01T00:00:00Z
              - hash: "a # b: c - d"
            scope: site.read site.documentation

            resources:
            - https://api.example.com/a#b
            - urn:example:b
            access_token_lifetime: 10m
          - client_id: true
            claims:
              tenant: 12
              flags:
                - false
                - "true"
                - 1.5
                - -7
          - plain text
          # The layout of the documentation
          -   client_id: reporting   # a comment
              client_name: 'Nightly: "reporting"'
              client_secrets:        # several
                - hash: "sha256:..."                # what `writ clients add` writes
                  expires_at: 2027-01-01T00:00:00Z  # optional
                - { hash: "sha256:...", expires_at: 2027-01-01T00:00:00Z }
              grant_types: [client_credentials, refresh_token]
              resources: [https://api.example.com, "urn:a", ]
              introspect:
              claims: { tenant: acme, level: 3, flags: [a b, {c: d}], x-y/z: '' }
              jwks: {"keys":[{"crv":"P-256","kty":"EC","x":"a","y":"b"}]}
              access_token_lifetime: ~
        """

    /// A description with everything that ``PlainYAML`` and `ClientReader` use.
    private static func describe(_ node: some YAMLNode) -> String {
        let content =
            if let value = node.singleValue {
                "\(value.style) \(value.text.debugDescription) \(node.tag)"
            } else if let elements = node.elements {
                "[\(elements.map(describe).joined(separator: ", "))]"
            } else if let members = node.members {
                "{\(members.map { "\($0.name ?? "?")\($0.isPlainName)@\($0.line ?? 0): \(describe($0.value))" }.joined(separator: ", "))}"
            } else {
                "?"
            }
        return "\(content)@\(node.line ?? 0)"
    }

    /// - Returns: whether the text was plain.
    private static func compare(_ text: String) throws -> Bool {
        guard let plain = PlainYAML.read(Array(text.utf8)) else { return false }
        let yams = try? YamsNode.parse(text)
        #expect(describe(plain) == yams.map(describe), "\(text)")
        return true
    }

    @Test("The layout of writ clients add is plain")
    func whatClientsAddWritesIsPlain() throws {
        let text = Self.text.replacing("Dünne Äste: 3 of", with: "Dünne Äste")
        #expect(try Self.compare(text))
        #expect(try !Self.compare(Self.text))
    }

    @Test(
        "A plain text has the same meaning for both readers",
        arguments: [
            "a: b", "a: \"b\"", "a:\n- b", "a:\n  - b: c\n    d: e\n  - f", "a: 1\n# b\nc: 2\n\n", "- a\n- b: c",
            "a_b: /c",
            "a: b:c#d", "a: ", "a: b ", "a: 'b'", "a: b # c", "a: [b]", "a: {b: c}", "a: ~", "a: -1", "a:  b", "-  a",
            "a: 🐘", "a:\n\n", "a:", "a: b\r\nc: d\r\n", "a: []", "a: {}", "a: [b, [c, d], {e: f}]", "a-b.c/d: e",
            "a: [http://b.c:80/d, e]", "a: {\"b\":\"c\",\"d\":[1]}", "a: 'b # c' # d", "a: # b\n  c: d",
            "a: [a b, c]  # d", "a:   # b\n- c", "- [a]\n- {b: c}", "- 'a'", "a: {b: 'c', d: \"e\"}", "# é – 漢\na: b",
            "a: b  ", "a: 漢字 – x", "- a:\n  b: c", "a:\n- b:\n  c: d\ne: f",
        ])
    func plainTexts(_ text: String) throws {
        #expect(try Self.compare(text))
    }

    @Test(
        "A text that YAML may read in another way is not plain",
        arguments: [
            "", "a", "a: \"b\\n\"", "a: \"b", "a: \"b\" c", "a: b: c", "a: 'b''c'", "a: 'b' c", "a: [b", "a: [b]c",
            "a: [b: c]", "a: {b:c}", "a: {b : c}", "a: {b}", "a: {b: c, b: d}", "a: [, b]", "a: [b,, c]", "a: {b: }",
            "a: [!b c]",
            "a: [*b]", "a: [b\n, c]", "a: [-]", "a: [b #c]", "a: {<<: b}", "a: b\rc: d", "a: -", "a: - b", "a: [~]",
            "a: b:",
            "a: |\n  b", "a: b\n  c", "a: b\n  c: d", "a: &b c", "a: *b", "a: !b c", "? a\n: b",
            "a: b\na: c", "a: b\n c: d", "  a: b\nc: d", "a:\n  - b\n - c", "a:\n  b: c\n  - d", "- a\nb: c",
            "-",
            "- - a", "---\na: b",
            "a: b\n...", "\ta: b", "a:\tb", "a: b\u{85}", "a: \u{2028}", "\u{FEFF}a: b",
            "<<: b",
            "a: @b", "a: `b",
            "a: %b", "- a: b\n - c", "a: \u{7F}", "# \u{2029}\na: b", "a: \u{9F}",
        ])
    func anythingElseIsNot(_ text: String) throws {
        #expect(try !Self.compare(text))
    }

    /// Changes one or two characters at a time: if the fast reader accepts a text, Yams agrees with it.
    @Test("A randomly changed text that is still plain has the same meaning for both readers")
    func changedTextsMeanTheSameToBoth() throws {
        var random = SeededGenerator(seed: 0x5EED)
        let original = Array(Self.text.replacing("Dünne Äste: 3 of", with: "Dünne Äste"))
        let characters = Array(" \n:-#\"'[]{},&*!|>%@`?~<=a1\\\té\r\u{2028}漢")
        var plain = 0
        for _ in 0..<20_000 {
            var text = original
            for _ in 0..<Int.random(in: 1...2, using: &random) {
                let place = Int.random(in: 0..<text.count, using: &random)
                let character = characters.randomElement(using: &random) ?? "a"
                switch Int.random(in: 0..<4, using: &random) {
                case 0: text.insert(character, at: place)
                case 1: text[place] = character
                case 2: text.remove(at: place)
                default: text.insert(contentsOf: "\n" + String(repeating: " ", count: place % 9), at: place)
                }
            }
            if try Self.compare(String(text)) { plain += 1 }
        }
        #expect(plain > 2000)
    }

    @Test("Deep nesting is not plain")
    func deepNestingIsLeftToYams() {
        let text = (0..<5000).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n") + " b"
        #expect(PlainYAML.read(Array(text.utf8)) == nil)
    }
}
