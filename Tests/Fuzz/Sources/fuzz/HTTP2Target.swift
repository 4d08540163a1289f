/// What comes over a connection of HTTP/2 to the token listener: frames, field sections, streams side by side; and what
/// else happens to the connection.
///
/// The connection begins with the preface and the settings of the client, unless the input begins with a zero octet.
final class HTTP2Target: FuzzTarget {
    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]
    private let connections: TokenConnections

    init() throws {
        // Few signatures may wait, so that the service refuses some.
        connections = try TokenConnections(queueWait: .microseconds(1))
    }

    func parse(_ octets: [UInt8]) { _ = try? connections.play(ConnectionScript(sending: [octets]), .http2) }

    func run(_ input: Input) throws {
        let hasPreface = input.octets.first == 0
        let script = ConnectionScript(hasPreface ? Array(input.octets.dropFirst()) : Self.preface + input.octets)
        let answers = try play(script)
        guard script.isPlain else { return }
        let inPieces = try play(ConnectionScript(sending: input.pieces(of: script.octets)))
        guard answers.isComplete, inPieces.isComplete else { return }
        require(answers.statuses == inPieces.statuses, "it does not matter in which pieces a request comes")
    }

    private func play(_ script: ConnectionScript) throws -> HTTP2Answers {
        let outcome = try connections.play(script, .http2)
        let answers = HTTP2Answers(outcome)
        answers.check(requests: script.octets)
        return answers
    }
}
