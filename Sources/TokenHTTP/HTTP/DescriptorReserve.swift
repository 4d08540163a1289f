import Logging
import NIOCore
import Synchronization
import SystemPackage

/// Files that are kept open for bad times. When a listener finds none left for another connection, these are closed, so that
/// whatever else needs files has them, and no listener accepts anybody until there are some again.
final class FileReserve: Sendable {
    static let size = 16
    /// So many do where there are not more: what reads the keys and clients again has two open at once.
    private static let leastSize = 6
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

    deinit {
        state.withLock { Self.close($0.spares) }
    }

    /// Keeps a listener from accepting, from now on, where there are no files.
    func guardListener(_ channel: any Channel) async throws {
        state.withLock { $0.listeners.append(channel) }
        channel.closeFuture.whenComplete { [weak self] _ in
            self?.state.withLock { $0.listeners.removeAll { $0 === channel } }
        }
        try await channel.eventLoop.submit { [self] in
            try channel.pipeline.syncOperations.addHandler(AcceptingHandler(self), position: .first)
        }.get()
    }

    var isShort: Bool { state.withLock { $0.isShort } }

    /// Has every listener pause.
    ///
    /// - Parameters:
    ///   - reason: for the log.
    ///   - eventLoop: looks for files from now on.
    func pauseListeners(_ reason: Errno, at eventLoop: any EventLoop) {
        let now = NIODeadline.now()
        let shortage = state.withLock { state -> (listeners: [any Channel], isNews: Bool)? in
            guard !state.isShort else { return nil }
            state.isShort = true
            Self.close(state.spares)
            state.spares = []
            let isNews = state.toldAt.map { $0 + Self.silence <= now } ?? true
            if isNews { state.toldAt = now }
            return (state.listeners, isNews)
        }
        guard let shortage else { return }
        if shortage.isNews { logger.error("Further connections wait: \(reason.description.lowercased())") }
        for listener in shortage.listeners {
            listener.eventLoop.execute { [self] in
                if isShort { listener.stopAccepting() }
            }
        }
        waitForFiles(at: eventLoop)
    }

    private func waitForFiles(at eventLoop: any EventLoop) {
        eventLoop.scheduleTask(in: Self.pause) { [self] in
            guard let spares = Self.openSpares() else { return waitForFiles(at: eventLoop) }
            let listeners = state.withLock { state in
                state.spares = spares
                state.isShort = false
                return state.listeners
            }
            for listener in listeners { listener.read() }
        }
    }

    /// Opens half of the files that there are, where they are few: the others are for connections.
    ///
    /// - Returns: nil where there are too few for both.
    private static func openSpares() -> [SystemPackage.FileDescriptor]? {
        var files: [SystemPackage.FileDescriptor] = []
        while files.count < 2 * size {
            do {
                files.append(try .open(FilePath("/dev/null"), .readOnly, options: [.closeOnExec]))
            } catch Errno.tooManyOpenFiles, Errno.tooManyOpenFilesInSystem {
                break
            } catch {
                // There are places without it: then there is nothing to tell by.
                return []
            }
        }
        let isEnough = files.count >= leastSize + 2
        let spares = files.prefix(isEnough ? max(leastSize, files.count / 2) : 0)
        close(files.dropFirst(spares.count))
        return isEnough ? Array(spares) : nil
    }

    private static func close(_ files: some Sequence<SystemPackage.FileDescriptor>) {
        for file in files { try? file.close() }
    }
}
