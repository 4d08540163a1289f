/// What comes over a connection of HTTP/1 to the token listener: request lines, fields, bodies, one request behind the
/// other; and what else happens to the connection.
final class HTTPTarget: FuzzTarget {
    private let connections: TokenConnections

    init() throws {
        connections = try TokenConnections(queueWait: .seconds(60))
    }

    func parse(_ octets: [UInt8]) { _ = try? connections.play(ConnectionScript(sending: [octets]), .http1) }

    func run(_ input: Input) throws {
        let script = ConnectionScript(input.octets)
        let answers = try play(script)
        guard script.isPlain else { return }
        let inPieces = try play(ConnectionScript(sending: input.pieces(of: script.octets)))
        require(
            Self.agree(answers.statusesOfWholeRequests, inPieces.statusesOfWholeRequests),
            "it does not matter in which pieces a request comes")
        let closed = try play(ConnectionScript(sending: [script.octets], then: .endInput))
        require(
            Self.agree(answers.statusesOfRouter, closed.statusesOfRouter),
            "a client that closes its side gets all answers")
    }

    /// There is an end to how many requests may wait, and it depends on how they come.
    private static func agree(_ statuses: [Int], _ others: [Int]) -> Bool {
        statuses == others
            || min(statuses.count, others.count) > 64 && zip(statuses, others).allSatisfy { $0 == $1 }
    }

    private func play(_ script: ConnectionScript) throws -> HTTPAnswers {
        let outcome = try connections.play(script, .http1)
        let answers = HTTPAnswers(outcome)
        answers.check()
        let lines = script.octets.matches(of: Array("HTTP/".utf8))
        require(answers.statuses.count <= lines + 1, "there is no answer without a request")
        return answers
    }
}

extension Input {
    /// These octets, cut at three places.
    func pieces(of octets: [UInt8]) -> [[UInt8]] {
        let cuts = (1...3).map { choice($0, below: octets.count + 1) }.sorted()
        return zip([0] + cuts, cuts + [octets.count]).map { Array(octets[$0..<$1]) }
    }
}

extension [UInt8] {
    fileprivate func matches(of text: [UInt8]) -> Int {
        indices.count { self[$0...].starts(with: text) }
    }
}
