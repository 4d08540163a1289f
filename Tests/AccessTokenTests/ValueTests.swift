import AccessToken
import Testing
import TestSupport

@Suite struct ValueTests {
    @Test(
        "RFC 8414 section 2: an https URL, and http on a loopback host, is an issuer",
        arguments: [
            ("https://tokens.example.com", "https://tokens.example.com", ""),
            ("https://tokens.example.com/", "https://tokens.example.com", ""),
            ("https://tokens.example.com:8443/tenant/one", "https://tokens.example.com:8443", "/tenant/one"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080", ""), ("http://localhost", "http://localhost", ""),
            ("http://[::1]:80/x/", "http://[::1]:80", "/x"),
        ])
    func takesIssuer(text: String, origin: String, path: String) throws {
        let issuer = try Issuer(text)
        #expect(issuer.description == text)
        #expect(issuer.origin == origin)
        #expect(issuer.path == path)
    }

    @Test(
        "RFC 8414 section 2: any other issuer is rejected with the reason",
        arguments: [
            ("", "is not an absolute URI"), ("tokens.example.com", "is not an absolute URI"),
            ("https://a?b", "has a query; RFC 8414 section 2 allows none"),
            ("https://a/?", "has a query; RFC 8414 section 2 allows none"),
            ("https://a#b", "has a fragment; RFC 8414 section 2 allows none"),
            ("http://tokens.example.com", "is not https (http is allowed on a loopback host only)"),
            ("http://127.0.0.1.example.com", "is not https (http is allowed on a loopback host only)"),
            ("http://127.1.2.300", "is not https (http is allowed on a loopback host only)"),
            ("ftp://a", "is neither https nor http"), ("https://a%2Eb", "has no usable host name"),
            ("https://[::1", "has no usable host name"), ("https://[]", "has no usable host name"),
            ("https://", "names no host"), ("https:///path", "names no host"),
            ("https://user@a", "has user information before its host"),
            ("https://a:0", "has a port that is not from 1 to 65535"),
            ("https://a:65536", "has a port that is not from 1 to 65535"),
            ("https://a:b", "has a port that is not from 1 to 65535"),
            ("https://a b", "has a character that no URI may have"),
            ("https://é", "has a character that no URI may have"),
            ("https://a/%zz", "has a % without two hexadecimal digits"),
        ])
    func refusesIssuer(text: String, reason: String) {
        let error = #expect(throws: InvalidValue.self) { try Issuer(text) }
        #expect(error?.description == reason)
    }

    @Test(
        "RFC 6749 section 3.3: a scope has the tokens between its spaces, each once",
        arguments: [("", []), ("a", ["a"]), ("a b:c ~!", ["a", "b:c", "~!"]), ("a b a", ["a", "b"])])
    func takesScope(text: String, tokens: [String]) throws {
        #expect(try Scope(text).tokens == tokens)
    }

    @Test(
        "RFC 6749 section 3.3: a scope with stray spaces or other characters is rejected",
        arguments: [" ", "a ", " a", "a  b", "a\tb", "a\nb", "\"", "a\\b", "é", "a\u{7F}"])
    func refusesScope(text: String) {
        #expect(throws: InvalidValue.self) { try Scope(text) }
    }

    @Test("A scope is a subset of another if that has all of its tokens")
    func scopesAreSets() throws {
        #expect(try Scope("b a").isSubset(of: Scope("a b c")))
        #expect(try Scope.empty.isSubset(of: Scope("a")))
        #expect(try !Scope("a d").isSubset(of: Scope("a b c")))
        #expect(try !Scope("a").isSubset(of: .empty))
    }

    @Test("RFC 6749 section 3.3: scopes are equal in any order of their tokens, and keep the order")
    func scopesAreEqualInAnyOrder() throws {
        let (first, second) = (try Scope("a b c"), try Scope("c a b"))
        #expect(first == second)
        #expect(first.hashValue == second.hashValue)
        #expect(second.description == "c a b")
        #expect(second.tokens == ["c", "a", "b"])
        for other in ["a b", "a b d", "a b c d", ""] { #expect(try Scope(other) != first) }
    }

    @Test(
        "RFC 6749 appendix A.1: a client identifier is visible ASCII and spaces",
        arguments: ["a", "my client", "~", String(repeating: "x", count: 256)])
    func takesClientID(text: String) throws {
        #expect(try ClientID(text).description == text)
    }

    @Test(
        "RFC 6749 appendix A.1: any other client identifier is rejected",
        arguments: ["", "é", "a\u{0}", "a\n", "\u{7F}", String(repeating: "x", count: 257)])
    func refusesClientID(text: String) {
        #expect(throws: InvalidValue.self) { try ClientID(text) }
    }

    /// Swift equates some of these with ASCII, so none may be in a value that is compared.
    @Test("RFC 3986 section 6.2.1: no identifier has a character outside ASCII", arguments: UnicodeMarks.all)
    func identifiersAreASCII(mark: String) {
        #expect(throws: InvalidValue.self) { try ClientID("a\(mark)b") }
        #expect(throws: InvalidValue.self) { try Scope("a\(mark) b") }
        #expect(throws: InvalidValue.self) { try Scope("a \(mark)b") }
        for separator in ":/.?" as String {
            for text in UnicodeMarks.variants(
                of: "https://a.example/b?c", at: separator.unicodeScalars.first ?? ":", with: mark)
            {
                #expect(throws: InvalidValue.self) { try Audience(text) }
                #expect(throws: InvalidValue.self) { try Issuer(text) }
            }
        }
    }

    @Test("Arithmetic with dates saturates and does not overflow")
    func datesDoNotOverflow() {
        #expect(NumericDate(.max) + .seconds(1) == NumericDate(.max))
        #expect(NumericDate(10) - .seconds(3) == NumericDate(7))
        #expect(NumericDate(.min) - .seconds(1) == NumericDate(.min))
        #expect(NumericDate(1) - .seconds(Int64.min) == NumericDate(.max))
    }
}
