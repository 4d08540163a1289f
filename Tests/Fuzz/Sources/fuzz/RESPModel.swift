import NIOCore

@testable import ReplayStore

/// The protocol of Valkey and Redis, read in another way than Writ does: split into lines first, which are read as text then.
enum RESPModel {
    struct Outcome: Equatable {
        var replies: [RESPReply] = []
        var failed = false

        init(replies: [RESPReply], failed: Bool) {
            self.replies = replies
            self.failed = failed
        }

        /// What Writ reads from these pieces, one by one.
        init(reading pieces: [ArraySlice<UInt8>]) {
            var (reader, received) = (RESPReader(), ByteBuffer())
            do throws(UnexpectedReply) {
                for piece in pieces {
                    received.writeBytes(piece)
                    while let reply = try reader.next(from: &received) { replies.append(reply) }
                    require(received.readableBytes < RESPReader.longestLine, "no more than a line is kept")
                }
            } catch {
                failed = true
            }
        }
    }

    static func outcome(of octets: [UInt8]) -> Outcome {
        var lines = octets.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let rest = lines.popLast() ?? []
        var outcome = Outcome(replies: [], failed: false)
        for line in lines {
            guard let reply = reply(line) else { return Outcome(replies: outcome.replies, failed: true) }
            outcome.replies.append(reply)
        }
        outcome.failed = rest.count >= RESPReader.longestLine
        return outcome
    }

    /// - Parameter line: without its line feed.
    private static func reply(_ line: ArraySlice<UInt8>) -> RESPReply? {
        guard line.count < RESPReader.longestLine, line.last == UInt8(ascii: "\r") else { return nil }
        // One scalar for each octet.
        let scalars = line.dropLast().map { Unicode.Scalar($0) }
        let (type, text) = (scalars.first, String(String.UnicodeScalarView(scalars.dropFirst())))
        guard !text.unicodeScalars.contains("\r") else { return nil }
        switch type {
        case "+": return .simple(text.unicodeScalars.map { UInt8($0.value) })
        case "-":
            let isWord = text.prefixMatch(of: /[A-Z]{1,24}(?= |$)/)
            return .error(isWord.map { String($0.output) } ?? "ERR")
        case ":": return text.wholeMatch(of: /-?[0-9]+/).flatMap { Int64($0.output) }.map { .integer($0) }
        case "$": return text == "-1" ? .null : nil
        default: return nil
        }
    }

    static func write(_ reply: RESPReply) -> [UInt8] {
        let line: [UInt8] =
            switch reply {
            case .simple(let text): Array("+".utf8) + text
            case .error(let word): Array("-\(word) and what else a server writes".utf8)
            case .null: Array("$-1".utf8)
            case .integer(let number): Array(":\(number)".utf8)
            }
        return line + Array("\r\n".utf8)
    }

    /// The commands in what a connection sends, as a server reads them: by their lengths. `nil` if it is anything else.
    static func commands(_ sent: ByteBuffer) -> [[[UInt8]]]? {
        var (commands, rest) = ([[[UInt8]]](), sent.readableBytesView[...])
        while !rest.isEmpty {
            guard let count = number(after: "*", in: &rest) else { return nil }
            var parts: [[UInt8]] = []
            for _ in 0..<count {
                guard let size = number(after: "$", in: &rest), rest.count >= size + 2 else { return nil }
                parts.append(Array(rest.prefix(size)))
                guard rest.dropFirst(size).prefix(2).elementsEqual("\r\n".utf8) else { return nil }
                rest = rest.dropFirst(size + 2)
            }
            commands.append(parts)
        }
        return commands
    }

    private static func number(after type: Unicode.Scalar, in rest: inout ByteBufferView) -> Int? {
        guard rest.popFirst() == UInt8(ascii: type) else { return nil }
        let digits = rest.prefix { $0 != UInt8(ascii: "\r") }
        rest = rest.dropFirst(digits.count)
        guard rest.prefix(2).elementsEqual("\r\n".utf8) else { return nil }
        rest = rest.dropFirst(2)
        return Int(String(decoding: digits, as: UTF8.self))
    }
}
