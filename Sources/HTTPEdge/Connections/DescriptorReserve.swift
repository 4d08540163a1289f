package import Logging
import NIOCore
import Synchronization
import SystemPackage

/// Spare descriptors, held open so that they can be released when the limit is reached.
///
/// When a listener cannot accept a connection because no descriptor is free, the spare ones are closed: everything else
/// can then open files. No listener accepts connections until enough descriptors are free again.
package final class DescriptorReserve: Sendable {
    /// How many descriptors are held open.
    package static let size = 16
    /// The smallest reserve. It is enough: a reload of keys and clients has two files open at once.
    private static let leastSize = 6
    /// The interval between checks for free descriptors while no connection is accepted.
    private static let pause: TimeAmount = .milliseconds(100)
    /// A shortage is logged at most once within this time.
    private static let silence: TimeAmount = .minutes(1)

    private struct State {
        var spares: [SystemPackage.FileDescriptor]
        var listeners: [any Channel] = []
        var isShort = false
        var loggedAt: NIODeadline?
    }

    private let state: Mutex<State>
    private let logger: Logger

    /// - Parameter logger: receives a line when no descriptor is free.
    package init(logger: Logger) {
        self.logger = logger
        state = Mutex(State(spares: Self.openSpares() ?? []))
    }

    deinit {
        state.withLock { Self.close($0.spares) }
    }

    /// Adds a listener, which reads again when descriptors are free again.
    func add(_ channel: any Channel) {
        state.withLock { $0.listeners.append(channel) }
        channel.closeFuture.whenComplete { [weak self] _ in
            self?.state.withLock { $0.listeners.removeAll { $0 === channel } }
        }
    }

    var isShort: Bool { state.withLock { $0.isShort } }

    /// Pauses every listener until enough descriptors are free.
    ///
    /// - Parameters:
    ///   - reason: the system's error, for the log.
    ///   - eventLoop: the event loop that checks for free descriptors.
    func pauseListeners(_ reason: Errno, at eventLoop: any EventLoop) {
        let now = NIODeadline.now()
        let shortage = state.withLock { state -> (listeners: [any Channel], isNews: Bool)? in
            guard !state.isShort else { return nil }
            state.isShort = true
            Self.close(state.spares)
            state.spares = []
            let isNews = state.loggedAt.map { $0 + Self.silence <= now } ?? true
            if isNews { state.loggedAt = now }
            return (state.listeners, isNews)
        }
        guard let shortage else { return }
        if shortage.isNews { logger.error("Further connections wait: \(reason.description.lowercased())") }
        for listener in shortage.listeners {
            listener.eventLoop.execute { [self] in
                if isShort { listener.stopAccepting() }
            }
        }
        waitForDescriptors(at: eventLoop)
    }

    private func waitForDescriptors(at eventLoop: any EventLoop) {
        eventLoop.scheduleTask(in: Self.pause) { [self] in
            guard let spares = Self.openSpares() else { return waitForDescriptors(at: eventLoop) }
            let listeners = state.withLock { state in
                state.spares = spares
                state.isShort = false
                return state.listeners
            }
            for listener in listeners { listener.read() }
        }
    }

    /// Opens the spare descriptors: if few are free, only half of them, so that the other half is left for connections.
    ///
    /// - Returns: `nil` if there are too few for both, or an empty array if the number of free descriptors is unknown.
    private static func openSpares() -> [SystemPackage.FileDescriptor]? {
        var files: [SystemPackage.FileDescriptor] = []
        while files.count < 2 * size {
            do {
                files.append(try .open(FilePath("/dev/null"), .readOnly, options: [.closeOnExec]))
            } catch Errno.tooManyOpenFiles, Errno.tooManyOpenFilesInSystem {
                break
            } catch {
                // Some containers have no /dev/null. Then the number of free descriptors is unknown.
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
