import Testing
import TestSupport

@testable import TokenHTTP

@Suite("Which clients the console shows")
struct ConsoleQueryTests {
    @Test("Without a query, the clients that expire first")
    func standard() throws {
        for text in [nil, "", "unknown=1", "sort"] {
            #expect(ConsoleQuery(text) == ConsoleQuery(), "\(text ?? "none")")
        }
    }

    @Test("Each member has its value, in any order")
    func members() throws {
        let query = try #require(ConsoleQuery("offset=50&find=Team+A%2Fb&order=descending&sort=last_token_at"))
        #expect(query.sort == .lastToken && query.isDescending && query.offset == 50)
        #expect(query.find == Array("team a/b".utf8))
    }

    @Test(
        "A value that a member cannot have is refused",
        arguments: [
            "sort=secret", "order=up", "offset=-1", "offset=x", "offset=99999999999999999999", "find=%4", "find=%zz",
            "find=" + String(repeating: "a", count: 257),
        ])
    func invalid(text: String) { #expect(ConsoleQuery(text) == nil) }

    @Test("A character that Swift joins with a separator makes no member of its neighbour")
    func marks() {
        for mark in UnicodeMarks.all {
            for separator: Unicode.Scalar in ["&", "="] {
                for text in UnicodeMarks.variants(of: "a=1&sort=client_id", at: separator, with: mark) {
                    let query = ConsoleQuery(text)
                    let isWhole =
                        text.utf8.elementsEqual("a=1\(mark)&sort=client_id".utf8)
                        || text.utf8.elementsEqual("a\(mark)=1&sort=client_id".utf8)
                        || text.utf8.elementsEqual("a=\(mark)1&sort=client_id".utf8)
                        || text.utf8.elementsEqual("a\(mark)=\(mark)1&sort=client_id".utf8)
                        || text.utf8.elementsEqual("a\(mark)1&sort=client_id".utf8)
                    #expect(query == nil || (query?.sort == .clientID) == isWhole, "\(text.utf8.map { $0 })")
                }
            }
        }
    }
}
