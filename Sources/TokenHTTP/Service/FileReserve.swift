import Logging
import NIOCore
import Synchronization
import SystemPackage

/// Files that are kept open for bad times. When a listener finds none left for another connection, these are closed, so that
/// whatever else needs files has them, and no listener accepts anybody until there are as many again.
final class FileReserve: Sendable {
    static let size = 16
    /// How long nobody is accepted, and then again.
    private static let pause: TimeAmount = .milliseconds(100)
    /// It is told once within so long.
    private static let silence: TimeAmount = .minutes(1)

    private struct State {
        var spares: [SystemPackage.FileDescriptor]
        var listeners: [any Channel] = []
        var isShort = false
        var toldAt: NIODeadline?
    }

    private let state: Mutex<State>
    private let logger: Logger

    init(logger: Logger) {
        self.logger = logger
        state = Mutex(State(spares: Self.openSpares() ?? []))
    }

    /// Keeps a listener from accepting, from now on, where there are no files.
    func guardListener(_ channel: any Channel) async throws {
        state.withLock { $0.listeners.append(channel) }
        try await channel.eventLoop.submit { [self] in
            try channel.pipeline.syncOperations.addHandler(AcceptingHandler(self), position: .first)
        }.get()
    }

    var isShort: Bool { state.withLock { $0.isShort } }

    /// Has every listener pause.
    ///
    /// - Parameters:
    ///   - reason: for the log.
    ///   - listener: the one that found no file.
    func pauseListeners(_ reason: Errno, noticedBy listener: any Channel) {
        let now = NIODeadline.now()
        let shortage = state.withLock { state -> (listeners: [any Channel], isNews: Bool)? in
            guard !state.isShort else { return nil }
            state.isShort = true
            for spare in state.spares { try? spare.close() }
            state.spares = []
            let isNews = state.toldAt.map { $0 + Self.silence <= now } ?? true
            if isNews { state.toldAt = now }
            return (state.listeners, isNews)
        }
        guard let shortage else {
            // It may have been missed when all were told to pause.
            return listener.setOption(.autoRead, value: false).whenComplete { _ in }
        }
        if shortage.isNews { logger.error("Further connections wait: \(reason.description.lowercased())") }
        for listener in shortage.listeners { listener.setOption(.autoRead, value: false).whenComplete { _ in } }
        waitForFiles(at: listener.eventLoop)
    }

    private func waitForFiles(at eventLoop: any EventLoop) {
        eventLoop.scheduleTask(in: Self.pause) { [self] in
            guard let spares = Self.openSpares() else { return waitForFiles(at: eventLoop) }
            let listeners = state.withLock { state in
                state.spares = spares
                state.isShort = false
                return state.listeners
            }
            for listener in listeners { listener.setOption(.autoRead, value: true).whenComplete { _ in } }
        }
    }

    /// - Returns: nil where there are not so many files.
    private static func openSpares() -> [SystemPackage.FileDescriptor]? {
        var spares: [SystemPackage.FileDescriptor] = []
        do {
            for _ in 0..<size {
                spares.append(
                    try SystemPackage.FileDescriptor.open(FilePath("/dev/null"), .readOnly, options: [.closeOnExec]))
            }
            return spares
        } catch {
            for spare in spares { try? spare.close() }
            // A place without /dev/null has nothing to hold files open with.
            return error as? Errno == .noSuchFileOrDirectory ? [] : nil
        }
    }
}
