import NIOCore
import Testing

@testable import ReplayStore

@Suite struct RESPReaderTests {
    /// The replies in the texts, which arrive one by one; `nil` as the last if one of them is none.
    private func replies(_ texts: [String]) -> [RESPReply?] {
        var (reader, received) = (RESPReader(), ByteBuffer())
        var replies: [RESPReply?] = []
        do throws(UnexpectedReply) {
            for text in texts {
                received.writeString(text)
                while let reply = try reader.next(from: &received) { replies.append(reply) }
            }
        } catch {
            replies.append(nil)
        }
        return replies
    }

    private static let good: [(String, RESPReply)] = [
        ("+OK\r\n", .ok), ("+\r\n", .simple([])), ("+QUEUED\r\n", .simple(Array("QUEUED".utf8))), ("$-1\r\n", .null),
        (":0\r\n", .integer(0)), (":-12\r\n", .integer(-12)), (":9223372036854775807\r\n", .integer(.max)),
        ("-WRONGPASS invalid username-password pair\r\n", .error("WRONGPASS")), ("-ERR\r\n", .error("ERR")),
    ]

    @Test("A reply of each type is read, also if it arrives octet by octet", arguments: good)
    func goodReplies(text: String, reply: RESPReply) {
        #expect(replies([text]) == [reply])
        #expect(replies(text.unicodeScalars.map { String($0) }) == [reply])
        #expect(replies([text + text + "+O", "K\r\n"]) == [reply, reply, .ok])
    }

    @Test(
        "What follows the first word of an error is dropped, and a word that is none is ERR",
        arguments: [
            ("-unknown command 'AUTH', with args beginning with: 'secret'", "ERR"), ("-", "ERR"), ("- secret", "ERR"),
            ("-NOAUTH\u{1B}[2J", "ERR"), ("-\(String(repeating: "A", count: 25))", "ERR"),
            ("-\(String(repeating: "A", count: 24)) x", String(repeating: "A", count: 24)), ("-ÄRGER", "ERR"),
        ])
    func errorWords(text: String, word: String) {
        #expect(replies([text + "\r\n"]) == [.error(word)])
    }

    @Test(
        "Another type, a line that is not well formed and a number that is none are refused",
        arguments: [
            "$2\r\nOK\r\n", "$0\r\n\r\n", "$-2\r\n", "$-1 \r\n", "*1\r\n", "*-1\r\n", "_\r\n", "#t\r\n", "%0\r\n",
            ",1\r\n",
            "\r\n", "OK\r\n", "\n", "+OK\n", "+OK\r\r\n", "+O\rK\r\n", ":\r\n", ":-\r\n", ":+1\r\n", ":1.0\r\n",
            ": 1\r\n",
            ":9223372036854775808\r\n", "HTTP/1.1 400 Bad Request\r\n",
        ])
    func badReplies(text: String) {
        #expect(replies([text]) == [nil])
        #expect(replies(["+OK\r\n" + text]) == [.ok, nil])
    }

    @Test("A line is no longer than 1024 octets, with an end and without one")
    func longLines() {
        let longest = "-ERR " + String(repeating: "x", count: RESPReader.longestLine - 7) + "\r\n"
        #expect(replies([longest]) == [.error("ERR")])
        #expect(replies(["-" + longest]) == [nil])
        let endless = Array(repeating: String(repeating: "x", count: 100), count: 11)
        #expect(replies(["+"] + endless) == [nil])
        #expect(replies(["+" + String(repeating: "x", count: 100_000)]) == [nil])
    }

    @Test("Commands are arrays of strings with their lengths in octets")
    func commands() {
        #expect(
            String(buffer: RESPCommand.insert("writ:replay:a", milliseconds: 1500))
                == "*6\r\n$3\r\nSET\r\n$13\r\nwrit:replay:a\r\n$1\r\n1\r\n$2\r\nNX\r\n$2\r\nPX\r\n$4\r\n1500\r\n")
        #expect(String(buffer: RESPCommand.select(12)) == "*2\r\n$6\r\nSELECT\r\n$2\r\n12\r\n")
        #expect(
            String(buffer: RESPCommand.authenticate(username: nil, password: "ä\r\nSET a"))
                == "*2\r\n$4\r\nAUTH\r\n$9\r\nä\r\nSET a\r\n")
        #expect(
            String(buffer: RESPCommand.authenticate(username: "writ", password: "p"))
                == "*3\r\n$4\r\nAUTH\r\n$4\r\nwrit\r\n$1\r\np\r\n")
    }
}
