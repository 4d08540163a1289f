/// Log lines that wait to be written, in a bounded number of octets. A line that does not fit is dropped and counted.
///
/// After a line was dropped no other is taken until the writer has what was there before and half of the room is free:
/// so each gap is in one place, and few gaps are reported if the reader is slow.
struct LogBuffer {
    /// What the writer takes at once.
    struct Batch: Equatable {
        /// How many lines were dropped directly before the first one.
        let gap: Int
        /// Whole lines, each with its line feed.
        let octets: [UInt8]
    }

    private let capacity: Int
    private var waiting: [UInt8] = []
    /// Lines that were dropped before the first waiting one, and after the last one.
    private var gaps = (before: 0, after: 0)
    /// How many octets the writer has taken and not yet written.
    private var takenCount = 0
    /// How many lines were dropped since the beginning.
    private(set) var droppedCount = 0

    /// - Parameter capacity: in octets, of the waiting lines and those that the writer has taken.
    init(capacity: Int) {
        self.capacity = capacity
    }

    /// - Parameter line: without its line feed.
    mutating func append(_ line: [UInt8]) {
        if gaps.after > 0, waiting.isEmpty, takenCount <= capacity / 2 { gaps = (gaps.before + gaps.after, 0) }
        guard gaps.after == 0, waiting.count + takenCount + line.count < capacity else {
            gaps.after += 1
            droppedCount += 1
            return
        }
        waiting.append(contentsOf: line)
        waiting.append(UInt8(ascii: "\n"))
    }

    /// Takes all waiting lines. The former batch must have been written.
    ///
    /// - Returns: `nil` if there is nothing to write.
    mutating func take() -> Batch? {
        if waiting.isEmpty { gaps = (gaps.before + gaps.after, 0) }
        guard !waiting.isEmpty || gaps.before > 0 else { return nil }
        let batch = Batch(gap: gaps.before, octets: waiting)
        gaps.before = 0
        waiting = []
        takenCount = batch.octets.count
        return batch
    }

    /// Makes room for as many octets as the writer has written of its batch.
    mutating func release(_ count: Int) { takenCount -= count }
}
