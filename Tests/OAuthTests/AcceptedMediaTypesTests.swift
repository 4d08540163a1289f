import TestSupport
import Testing

@testable import OAuth

@Suite("RFC 9110 section 12.5.1: the Accept field")
struct AcceptedMediaTypesTests {
    private static let jwt = "application/token-introspection+jwt"

    private func prefersJWT(_ fields: [String]) -> Bool {
        AcceptedMediaTypes(fields).prefer(Self.jwt, to: "application/json")
    }

    @Test(
        "A signed answer is preferred if it is named, with a weight at least that of JSON",
        arguments: [
            ([jwt], true), ([jwt.uppercased()], true), (["application/json, \(jwt)"], true),
            (["application/json", jwt], true), (["\(jwt);q=0.5, application/json;q=0.5"], true),
            (["\(jwt);q=0.5, application/json;q=0.501"], false), (["\(jwt);q=0.5, */*;q=0.6"], false),
            (["\(jwt);q=0.5, application/*"], false), (["\(jwt);q=0.5, application/*;q=0.4, */*"], true),
            (["\(jwt);q=0"], false), (["\(jwt) ; Q=0.9 , application/json ; q=0.8"], true),
            (["\(jwt);v=1;q=0.1, application/json;q=0.2"], false), (["\(jwt);q=1.000, application/json;q=1."], true),
            (["application/*"], false), (["*/*"], false), ([], false), ([""], false), ([",,,"], false),
            ([",, \(jwt) ,"], true), (["\(jwt), \(jwt);q=0"], true),
        ] as [([String], Bool)])
    func isPreferred(fields: [String], isPreferred: Bool) {
        #expect(prefersJWT(fields) == isPreferred)
    }

    @Test(
        "RFC 9110 section 12.4.2: a weight that is none counts as 0",
        arguments: [
            "", "2", "1.1", "1.001", "0.1234", "-0", "+1", "1e0", "0x1", "nan", "inf", "00", "01", ".5", "0,5",
            "\u{661}",
            "1\u{301}", "1;\u{600}q=0.1;q", "0.\u{200D}5",
        ])
    func badWeights(weight: String) {
        #expect(prefersJWT(["\(Self.jwt);q=\(weight)"]) == weight.hasPrefix("1;"))
    }

    @Test("Names and separators are octets", arguments: UnicodeMarks.all)
    func takesApartByOctets(mark: String) {
        for separator in ["/", "-", "+"] as [Unicode.Scalar] {
            for name in UnicodeMarks.variants(of: Self.jwt, at: separator, with: mark) { #expect(!prefersJWT([name])) }
        }
        // The mark belongs to the element beside the comma, and the comma counts.
        #expect(prefersJWT(["text/html\(mark),\(Self.jwt)"]))
        #expect(prefersJWT(["\(Self.jwt),\(mark)text/html"]))
        #expect(!prefersJWT(["\(Self.jwt)\(mark),text/html"]))
        #expect(!prefersJWT(["\(Self.jwt);q=0;\(mark)"]))
        #expect(prefersJWT(["\(Self.jwt);\(mark)q=0"]))
        #expect(!prefersJWT(["\(Self.jwt);q=0.1,application/json;\(mark)"]))
        // U+212A is no k.
        #expect(!AcceptedMediaTypes(["a/\u{212A}"]).prefer("a/k", to: "a/b"))
    }

    @Test("The first 64 media ranges are read")
    func readsSoMany() {
        let others = String(repeating: "a/b,", count: 63)
        #expect(prefersJWT([others + Self.jwt]))
        #expect(!prefersJWT([others + "a/b," + Self.jwt]))
        #expect(!prefersJWT([others, "a/b", Self.jwt]))
    }
}
