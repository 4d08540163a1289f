import Testing

@testable import Telemetry

@Suite struct LogBufferTests {
    private func line(_ text: String) -> [UInt8] { Array(text.utf8) }

    /// `#expect` has no mutating calls.
    private func take(_ buffer: inout LogBuffer) -> LogBuffer.Batch? { buffer.take() }

    private func text(_ batch: LogBuffer.Batch?) -> String? { batch.map { String(decoding: $0.octets, as: UTF8.self) } }

    @Test("Lines are taken together, whole and in order")
    func linesAreTakenTogether() {
        var buffer = LogBuffer(capacity: 100)
        #expect(take(&buffer) == nil)
        for text in ["a", "", "bc"] { buffer.append(line(text)) }
        #expect(text(take(&buffer)) == "a\n\nbc\n")
        #expect(take(&buffer) == nil)
        #expect(buffer.droppedCount == 0)
    }

    @Test("A line that does not fit with its line feed is dropped and counted", arguments: [(9, 0), (10, 1)])
    func aLineFitsOrNot(length: Int, dropped: Int) {
        var buffer = LogBuffer(capacity: 10)
        buffer.append([UInt8](repeating: 0x61, count: length))
        #expect(buffer.droppedCount == dropped)
        let batch = buffer.take()
        #expect(batch?.gap == dropped)
        #expect(batch?.octets.isEmpty == (dropped == 1))
    }

    @Test("Lines that the writer has taken occupy their room until they are written")
    func takenLinesOccupyTheirRoom() {
        var buffer = LogBuffer(capacity: 10)
        buffer.append(line("1234567"))
        #expect(text(take(&buffer)) == "1234567\n")
        buffer.append(line("a"))
        buffer.append(line("b"))
        #expect(buffer.droppedCount == 1)
        buffer.release(8)
        // The gap is behind "a", so nothing joins that before it is taken.
        buffer.append(line("c"))
        #expect(take(&buffer) == LogBuffer.Batch(gap: 0, octets: line("a\n")))
        buffer.release(2)
        buffer.append(line("d"))
        #expect(take(&buffer) == LogBuffer.Batch(gap: 2, octets: line("d\n")))
        #expect(buffer.droppedCount == 2)
    }

    @Test("After a gap, lines are taken again when half of the room is free")
    func halfTheRoomEndsAGap() {
        var buffer = LogBuffer(capacity: 20)
        buffer.append(line("123456789012345"))
        _ = buffer.take()
        for _ in 0..<5 { buffer.append(line("x")) }
        _ = buffer.droppedCount
        buffer.append(line("too long for the rest"))
        #expect(buffer.droppedCount == 4)
        // "x" and "x" are waiting; they go first.
        buffer.release(16)
        #expect(text(take(&buffer)) == "x\nx\n")
        buffer.append(line("y"))
        buffer.release(4)
        #expect(take(&buffer) == LogBuffer.Batch(gap: 4, octets: line("y\n")))
    }

    @Test("A gap is reported once, also if no line follows")
    func aGapIsReportedOnce() {
        var buffer = LogBuffer(capacity: 4)
        for _ in 0..<3 { buffer.append(line("abcd")) }
        #expect(take(&buffer) == LogBuffer.Batch(gap: 3, octets: []))
        #expect(take(&buffer) == nil)
        buffer.append(line("abc"))
        #expect(take(&buffer) == LogBuffer.Batch(gap: 0, octets: line("abc\n")))
    }
}
