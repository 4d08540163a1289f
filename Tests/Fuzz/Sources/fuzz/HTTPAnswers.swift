import NIOHTTP1

/// The answers that came back over a connection of HTTP/1.
struct HTTPAnswers {
    private var all: [HTTPAnswer] = []

    /// Ends the process if the octets are no answers, one behind the other. The last may be cut if the client did not
    /// read it in time.
    init(_ outcome: TokenConnections.Outcome) {
        var rest = outcome.received[...]
        var methods = outcome.methods[...]
        while !rest.isEmpty {
            var next = rest
            guard let answer = Self.takeAnswer(off: &next, methods.first) else {
                require(outcome.isTruncated, "an answer is whole")
                return
            }
            require(!all.contains { $0["connection"] == "close" }, "nothing comes after the last answer")
            all.append(answer)
            if answer.status >= 200 { _ = methods.popFirst() }
            rest = next
        }
    }

    /// Of the answers that are no interim ones.
    var statuses: [Int] { all.map(\.status).filter { $0 >= 200 } }

    /// The same without 408, which a part of a head does not get that came with a whole request; and without 429, since
    /// how many requests wait depends on how they come.
    var statusesOfWholeRequests: [Int] { statuses.filter { $0 != 408 && $0 != 429 } }

    var statusesOfRouter: [Int] { all.filter(\.isOfRouter).map(\.status) }

    func check() {
        for answer in all {
            answer.check()
            let isLast = answer["connection"] == "close"
            require(isLast || answer.status == 100 || answer.isOfRouter, "no request comes after one that is refused")
        }
    }

    /// - Parameter method: of the request, which decides whether there is a body.
    /// - Returns: nil if it is not whole.
    private static func takeAnswer(off rest: inout ArraySlice<UInt8>, _ method: HTTPMethod?) -> HTTPAnswer? {
        guard let first = takeLine(off: &rest) else { return nil }
        let words = first.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0] == "HTTP/1.1", let status = Int(words[1]) else {
            fatalError("does not hold: an answer begins with a status line: \(first)")
        }
        var fields: [(name: String, value: String)] = []
        while true {
            guard let line = takeLine(off: &rest) else { return nil }
            if line.isEmpty { break }
            guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")) else {
                fatalError("does not hold: a field has a name: \(line)")
            }
            let value = line[line.utf8.index(after: colon)...].drop { $0 == " " }
            fields.append((line[..<colon].lowercased(), String(value)))
        }
        let length = fields.first { $0.name == "content-length" }.flatMap { Int($0.value) }
        require(length != nil || [100, 204, 304].contains(status), "an answer has a length")
        guard let length, method != .HEAD else { return HTTPAnswer(status: status, fields: fields) }
        guard rest.count >= length else { return nil }
        defer { rest = rest.dropFirst(length) }
        return HTTPAnswer(status: status, fields: fields, body: Array(rest.prefix(length)))
    }

    private static func takeLine(off rest: inout ArraySlice<UInt8>) -> String? {
        guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let line = rest[..<end]
        require(line.last == UInt8(ascii: "\r") && !line.dropLast().contains(UInt8(ascii: "\r")), "a line ends once")
        rest = rest[(end + 1)...]
        return String(decoding: line.dropLast(), as: UTF8.self)
    }
}
