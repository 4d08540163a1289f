import NIOCore

/// A reply of the protocol of Valkey and Redis (RESP2), of the types that the replies to `AUTH`, `SELECT` and `SET` have.
enum RESPReply: Equatable, Sendable {
    /// `+OK`, without the plus sign.
    case simple([UInt8])
    /// `-WRONGPASS invalid username-password pair`: the first word alone, since what follows may echo the command.
    case error(String)
    /// `$-1`
    case null
    /// `:1`
    case integer(Int64)

    /// The command was done.
    static let ok = RESPReply.simple(Array("OK".utf8))
}

/// The server sent what is no reply to the commands here.
struct UnexpectedReply: Error, Equatable {}

/// Takes replies out of what a connection has received. It keeps no more than a line.
struct RESPReader {
    /// The longest line that is read, in octets, with its end.
    static let longestLine = 1024
    private static let longestErrorWord = 24

    /// How many octets of the line are known to have no line feed.
    private var scanned = 0

    /// Takes the next reply.
    ///
    /// - Returns: `nil` if the line is not complete yet.
    /// - Throws: for another type of reply, and for a line that is too long or not well formed.
    mutating func next(from received: inout ByteBuffer) throws(UnexpectedReply) -> RESPReply? {
        let octets = received.readableBytesView
        guard let end = octets.dropFirst(scanned).firstIndex(of: UInt8(ascii: "\n")) else {
            scanned = octets.count
            guard scanned < Self.longestLine else { throw UnexpectedReply() }
            return nil
        }
        scanned = 0
        let length = end - octets.startIndex + 1
        guard length <= Self.longestLine, let line = received.readBytes(length: length) else { throw UnexpectedReply() }
        return try Self.reply(line[...])
    }

    private static func reply(_ line: ArraySlice<UInt8>) throws(UnexpectedReply) -> RESPReply {
        guard line.count >= 3, line.suffix(2).elementsEqual("\r\n".utf8), let type = line.first else {
            throw UnexpectedReply()
        }
        let text = line.dropFirst().dropLast(2)
        guard !text.contains(UInt8(ascii: "\r")) else { throw UnexpectedReply() }
        switch type {
        case UInt8(ascii: "+"): return .simple(Array(text))
        case UInt8(ascii: "-"): return .error(errorWord(text))
        case UInt8(ascii: ":"): return .integer(try integer(text))
        case UInt8(ascii: "$") where text.elementsEqual("-1".utf8): return .null
        default: throw UnexpectedReply()
        }
    }

    private static func errorWord(_ text: ArraySlice<UInt8>) -> String {
        let word = text.prefix { $0 != UInt8(ascii: " ") }
        let letters = UInt8(ascii: "A")...UInt8(ascii: "Z")
        guard (1...longestErrorWord).contains(word.count), word.allSatisfy(letters.contains) else { return "ERR" }
        return String(decoding: word, as: UTF8.self)
    }

    private static func integer(_ text: ArraySlice<UInt8>) throws(UnexpectedReply) -> Int64 {
        let digits = text.first == UInt8(ascii: "-") ? text.dropFirst() : text
        guard digits.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains),
            let number = Int64(String(decoding: text, as: UTF8.self))
        else { throw UnexpectedReply() }
        return number
    }
}
