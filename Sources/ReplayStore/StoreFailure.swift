import RemoteKeys

/// Why the store gave no answer that counts.
package struct StoreFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// A human-readable reason, in the third person: "it took too long".
    package let description: String

    package init(_ description: String) {
        self.description = description
    }

    static let timedOut = StoreFailure("it took too long")
    static let ended = StoreFailure("it ended the connection")
    static let unexpectedReply = StoreFailure("it answered in another way than Valkey and Redis do")
    /// No fault of the store alone: requests come faster than it answers.
    static let tooManyWait = StoreFailure("too many requests wait for its answers")
    static let stopped = StoreFailure("the service stops")
    /// Also the failure of a command that waits for the first connection in vain.
    static let notYet = StoreFailure("there is no connection yet")

    /// - Parameter word: the first word of an error reply.
    static func refused(_ word: String) -> StoreFailure { StoreFailure("it answered with the error \(word)") }

    /// Names an error of a connection, or of what is read before there is one.
    init(_ error: any Error) {
        switch error {
        case let failure as StoreFailure: self = failure
        case is UnexpectedReply: self = .unexpectedReply
        default:
            let failure = ConnectionFailure(error)
            self = failure.code == .closed ? .ended : StoreFailure(failure.description)
        }
    }
}
