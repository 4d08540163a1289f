import NIOCore
import NIOHTTP1

/// What a client has sent behind a request that waits for its response (RFC 9112 section 9.3.2), in order and with a limit.
///
/// What does not fit ends the connection, so that no response is taken for that of another request.
struct Pipeline {
    enum Input {
        case part(HTTPServerRequestPart)
        case failure(HTTPResponseStatus)
        /// The client has closed its side.
        case end
    }

    private var inputs = CircularBuffer<Input>()
    private var heads = 0
    /// The octets that were read while inputs waited.
    private(set) var octets = 0
    /// Whether something did not fit. Nothing that follows it is kept.
    private(set) var isFull = false

    var isEmpty: Bool { inputs.isEmpty }

    /// Counts octets before they are parsed.
    mutating func read(_ count: Int) {
        octets += count
        if octets > ConnectionLimits.pipelineOctets { end() }
    }

    mutating func append(_ input: Input) {
        guard !isFull else { return }
        if case .part(.head) = input {
            guard heads < ConnectionLimits.pipeline else { return end() }
            heads += 1
        }
        inputs.append(input)
    }

    /// Ends the connection behind what waits.
    ///
    /// - Parameter status: of the last response.
    mutating func end(_ status: HTTPResponseStatus = .tooManyRequests) {
        guard !isFull else { return }
        isFull = true
        inputs.append(.failure(status))
    }

    mutating func popFirst() -> Input? {
        let input = inputs.popFirst()
        if case .part(.head) = input { heads -= 1 }
        if inputs.isEmpty { octets = 0 }
        return input
    }

    mutating func removeAll() { inputs.removeAll() }
}
