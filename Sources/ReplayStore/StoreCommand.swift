import NIOCore

/// A command on its way to the store, from its submission to its reply.
struct StoreCommand: Sendable {
    let octets: ByteBuffer
    /// Who asks, for a fair share of the room; `nil` for this process itself.
    let owner: String?
    /// Told once, on the event loop of the connection: whether the command was done (`+OK`), or was not needed (`$-1`).
    let complete: @Sendable (Result<Bool, StoreFailure>) -> Void
    /// When it must have been answered. It is set by the event loop that takes it.
    var deadline = NIODeadline.distantFuture
}

/// The commands that have no reply yet, in their order. An owner gets no more of the room than it leaves free for the others,
/// so that one that asks without end takes half of it at most.
struct StoreQueue {
    private let capacity: Int
    private var commands = CircularBuffer<StoreCommand>()
    private var counts: [String: Int] = [:]

    init(capacity: Int) {
        self.capacity = capacity
    }

    var count: Int { commands.count }

    /// The command whose reply comes next.
    var first: StoreCommand? { commands.first }

    /// What is in each command, in their order.
    var octets: [ByteBuffer] { commands.map(\.octets) }

    /// - Returns: false, without adding it, if there is no room for the owner.
    mutating func append(_ command: StoreCommand) -> Bool {
        guard commands.count < capacity else { return false }
        if let owner = command.owner {
            let ofOwner = counts[owner, default: 0]
            guard ofOwner < capacity - commands.count else { return false }
            counts[owner] = ofOwner + 1
        }
        commands.append(command)
        return true
    }

    mutating func popFirst() -> StoreCommand? {
        guard let command = commands.popFirst() else { return nil }
        if let owner = command.owner {
            let rest = counts[owner, default: 1] - 1
            counts[owner] = rest > 0 ? rest : nil
        }
        return command
    }

    /// Takes the commands that must have been answered by now.
    mutating func popOverdue(at now: NIODeadline) -> [StoreCommand] {
        var overdue: [StoreCommand] = []
        while let first = commands.first, first.deadline <= now, let command = popFirst() { overdue.append(command) }
        return overdue
    }

    mutating func popAll() -> [StoreCommand] {
        defer {
            commands.removeAll()
            counts = [:]
        }
        return Array(commands)
    }
}
