import Dispatch
import Foundation
import Synchronization

/// Writes the log on a thread of its own, so that no other thread waits for the reader of the log.
///
/// The lines that wait have a bounded room; further ones are dropped, counted, and reported in one line when there is
/// room again. If the lines cannot be written, they wait in the same room until they can.
package final class LogWriter: Sendable {
    /// Writes octets of the range, as many as it can at once, and returns their number.
    ///
    /// - Throws: if nothing could be written.
    package typealias Write = @Sendable (_ octets: [UInt8], _ range: Range<Int>) throws -> Int

    private struct State {
        var buffer: LogBuffer
        /// Whether the thread waits for a line.
        var isIdle = false
        /// Whether the thread ends when all lines are written.
        var isFinishing = false
        var hasEnded = false
    }

    private let write: Write
    private let describeGap: @Sendable (Int) -> [UInt8]
    private let state: Mutex<State>
    private let wakeUp = DispatchSemaphore(value: 0)

    /// How long lines are collected after a batch, in seconds, so that a busy service wakes no thread for each of them.
    /// (The thread sleeps: the timeout of a semaphore ends by the wall clock, which may be set back.)
    private static let pause: TimeInterval = 0.005
    /// The time between two attempts to write what could not be written, in seconds.
    private static let retryPause: TimeInterval = 0.1
    /// POSIX's PIPE_BUF on Linux, in octets: what is no longer is not mixed with what other processes write.
    private static let pieceSize = 4096

    /// Starts the thread, which runs until ``finish(within:)``.
    ///
    /// - Parameters:
    ///   - capacity: the room for lines that wait, in octets.
    ///   - describeGap: the line that reports how many lines were dropped, without its line feed.
    package init(
        capacity: Int = 1 << 20, describeGap: @escaping @Sendable (Int) -> [UInt8], _ write: @escaping Write
    ) {
        self.write = write
        self.describeGap = describeGap
        state = Mutex(State(buffer: LogBuffer(capacity: capacity)))
        let thread = Thread { [self] in run() }
        thread.name = "log"
        thread.start()
    }

    /// Adds a line, or drops it if there is no room.
    ///
    /// - Parameter line: without its line feed.
    package func append(_ line: [UInt8]) {
        let wakes = state.withLock { state in
            state.buffer.append(line)
            defer { state.isIdle = false }
            return state.isIdle
        }
        if wakes { wakeUp.signal() }
    }

    /// How many lines were dropped since the beginning.
    package var droppedCount: Int { state.withLock { $0.buffer.droppedCount } }

    /// Waits until all lines are written, and ends the thread. Lines that are added later are not written.
    ///
    /// - Parameter limit: the longest wait, for a reader that reads no more.
    /// - Returns: whether all lines are written.
    @discardableResult
    package func finish(within limit: Duration) -> Bool {
        state.withLock { $0.isFinishing = true }
        wakeUp.signal()
        let end = ContinuousClock.now + limit
        while !state.withLock({ $0.hasEnded }) {
            guard ContinuousClock.now < end else { return false }
            Thread.sleep(forTimeInterval: Self.pause)
        }
        return true
    }

    private func run() {
        while let batch = next() {
            if batch.gap > 0 { write(describeGap(batch.gap) + [UInt8(ascii: "\n")], isCounted: false) }
            write(batch.octets, isCounted: true)
            Thread.sleep(forTimeInterval: Self.pause)
        }
        state.withLock { $0.hasEnded = true }
    }

    /// Waits for lines.
    ///
    /// - Returns: `nil` once all lines are written and no more are expected.
    private func next() -> LogBuffer.Batch? {
        while true {
            let (batch, isFinishing) = state.withLock { state in
                let batch = state.buffer.take()
                state.isIdle = batch == nil
                return (batch, state.isFinishing)
            }
            if let batch { return batch }
            if isFinishing { return nil }
            wakeUp.wait()
        }
    }

    private func write(_ lines: [UInt8], isCounted: Bool) {
        var start = 0
        while start < lines.count {
            let end = Self.end(of: lines, from: start)
            let written = (try? write(lines, start..<end)) ?? 0
            if written > 0 {
                start += written
                if isCounted { state.withLock { $0.buffer.release(written) } }
            } else {
                Thread.sleep(forTimeInterval: Self.retryPause)
            }
        }
    }

    /// The end of the last line that fits into one piece together with those before it, or the end of one longer line.
    private static func end(of lines: [UInt8], from start: Int) -> Int {
        let lineFeed = UInt8(ascii: "\n")
        guard lines.count - start > pieceSize else { return lines.count }
        if let last = lines[start..<start + pieceSize].lastIndex(of: lineFeed) { return last + 1 }
        return (lines[(start + pieceSize)...].firstIndex(of: lineFeed) ?? lines.count - 1) + 1
    }
}
