import JOSE

/// What came back over a connection, taken apart.
struct HTTPAnswers {
    struct Answer {
        let status: Int
        /// The names in small letters.
        let fields: [(name: String, value: String)]
        let body: [UInt8]

        subscript(name: String) -> String? { fields.first { $0.name == name }?.value }
    }

    private let all: [Answer]

    init(_ octets: [UInt8]) {
        var all: [Answer] = []
        var rest = octets[...]
        while !rest.isEmpty { all.append(Self.takeAnswer(off: &rest)) }
        self.all = all
    }

    /// Whether they could come from the same requests. Interim answers come or not as the body does, and there is an end to
    /// how many requests may wait.
    func agrees(with other: HTTPAnswers) -> Bool {
        let (statuses, others) = (finalStatuses, other.finalStatuses)
        return statuses == others
            || max(statuses.count, others.count) >= 64 && zip(statuses, others).allSatisfy { $0 == $1 }
    }

    private var finalStatuses: [Int] { all.map(\.status).filter { $0 >= 200 } }

    func check() {
        for answer in all { Self.check(answer) }
    }

    private static func check(_ answer: Answer) {
        if answer.status == 100 { return require(answer.fields.isEmpty, "an interim answer says nothing more") }
        require((200..<500).contains(answer.status), "a request does not make the server fail: \(answer.status)")
        // What is no HTTP gets no answer of ours.
        guard answer["connection"] != "close" || answer["date"] != nil else {
            return require(answer.status == 400 && answer.body.isEmpty, "what is no HTTP is refused")
        }
        require(answer.fields.count { $0.name == "x-request-id" } == 1, "an answer can be found in the log")
        require(answer.fields.count { $0.name == "content-length" } <= 1, "an answer has one length")
        require(answer.status != 401 || answer["www-authenticate"] != nil, "a 401 says how to authenticate")
        require(answer.status != 405 || answer["allow"] != nil, "a 405 says what is allowed")
        let isStored = answer["cache-control"]?.hasPrefix("public, max-age=") == true
        let isKnown = isStored || answer["cache-control"] == "no-store" || answer.status == 204
        require(isKnown, "an answer says whether it may be kept")
        guard answer["content-type"]?.hasSuffix("json") == true, !answer.body.isEmpty else { return }
        let body = (try? JSONReader.read(answer.body))?.object
        require(body != nil, "a body is JSON")
        require(answer.status < 400 || body?["error"]?.string != nil, "a refusal has a code")
        guard let token = body?["access_token"]?.string else { return }
        require(answer.status == 200 && !isStored, "tokens are for one client")
        require((try? CompactJWS(parsing: token)) != nil, "an access token is a JWS")
    }

    private static func takeAnswer(off rest: inout ArraySlice<UInt8>) -> Answer {
        let first = takeLine(off: &rest)
        let words = first.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0] == "HTTP/1.1", let status = Int(words[1]) else {
            fatalError("does not hold: an answer begins with a status line: \(first)")
        }
        var fields: [(name: String, value: String)] = []
        while true {
            let line = takeLine(off: &rest)
            if line.isEmpty { break }
            guard let colon = line.firstIndex(of: ":") else { fatalError("does not hold: a field has a name: \(line)") }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            fields.append((line[..<colon].lowercased(), String(value)))
        }
        let length = fields.first { $0.name == "content-length" }.flatMap { Int($0.value) } ?? 0
        // The answer to HEAD has a length and no body.
        let hasBody = !rest.isEmpty && !rest.starts(with: "HTTP/1.1 ".utf8)
        let body = hasBody ? Array(rest.prefix(length)) : []
        rest = rest.dropFirst(body.count)
        return Answer(status: status, fields: fields, body: body)
    }

    private static func takeLine(off rest: inout ArraySlice<UInt8>) -> String {
        guard let end = rest.firstIndex(of: UInt8(ascii: "\n")), end > rest.startIndex,
            rest[end - 1] == UInt8(ascii: "\r")
        else { fatalError("does not hold: a line ends") }
        let line = rest[..<(end - 1)]
        rest = rest[(end + 1)...]
        return String(decoding: line, as: UTF8.self)
    }
}
