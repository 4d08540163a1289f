import NIOCore
import Signing

@testable import HTTPEdge
@testable import TokenHTTP

/// The client of a connection, which does what a script says, and the signatures of the service.
final class ScriptPlayer {
    let readiness = Readiness()
    private let worker: SigningWorker
    private var isHolding = false

    init(_ worker: SigningWorker) {
        self.worker = worker
        readiness.begin()
    }

    /// Makes the signatures that requests wait for.
    ///
    /// - Returns: whether there were any.
    func work() -> Bool {
        guard !isHolding, worker.hasWork else { return false }
        while worker.work(for: .seconds(1)) {}
        return true
    }

    /// - Parameter check: is called after each step.
    func play(_ script: ConnectionScript, on connection: EmbeddedConnection, _ check: () -> Void) {
        for step in script.steps {
            perform(step, on: connection)
            check()
        }
        isHolding = false
        // Longer than all that a connection may take.
        for _ in 0..<40 where connection.isOpen {
            connection.advance(by: .seconds(15))
            check()
        }
        connection.run()
    }

    private func perform(_ step: ConnectionScript.Step, on connection: EmbeddedConnection) {
        switch step {
        case .send(let octets): connection.send(octets)
        case .wait(let time): connection.advance(by: time)
        case .holdSignatures: isHolding = true
        case .sign: isHolding = false
        case .stopReading: connection.socket.stopReading()
        case .read(let count): connection.socket.read(count)
        case .endInput: connection.endInput()
        case .reset: connection.reset()
        case .askToLeave: readiness.end()
        case .drain: connection.listener.drain()
        case .evict: connection.listener.evict()
        }
        connection.run()
    }
}
