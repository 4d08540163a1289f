import Dispatch
import Foundation
import Synchronization
import Testing

@testable import Telemetry

@Suite struct LogWriterTests {
    /// A reader that takes what it is allowed to take.
    private final class Reader: Sendable {
        private let octets = Mutex<[UInt8]>([])
        private let turns = DispatchSemaphore(value: 0)
        private let isFree = Atomic(true)
        private let calls = Atomic(0)

        init(stalls: Bool = false) {
            isFree.store(!stalls, ordering: .sequentiallyConsistent)
        }

        var text: String { octets.withLock { String(decoding: $0, as: UTF8.self) } }
        var lines: [Substring] { text.split(separator: "\n") }
        var callCount: Int { calls.load(ordering: .sequentiallyConsistent) }

        func goOn() {
            isFree.store(true, ordering: .sequentiallyConsistent)
            turns.signal()
        }

        func take(_ octets: [UInt8], _ range: Range<Int>) -> Int {
            calls.add(1, ordering: .sequentiallyConsistent)
            if !isFree.load(ordering: .sequentiallyConsistent) { turns.wait() }
            self.octets.withLock { $0.append(contentsOf: octets[range]) }
            return range.count
        }
    }

    private struct Refused: Error {}

    private func writer(
        capacity: Int = 1 << 20, _ write: @escaping LogWriter.Write
    ) -> LogWriter {
        LogWriter(capacity: capacity, describeGap: { Array("dropped \($0)".utf8) }, write)
    }

    private func append(_ lines: some Sequence<String>, to writer: LogWriter) {
        for line in lines { writer.append(Array(line.utf8)) }
    }

    @Test("Every line is written once, whole, and in the order of its thread")
    func everyLineIsWrittenOnce() async {
        let reader = Reader()
        let writer = writer(reader.take)
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<4 {
                group.addTask {
                    for number in 0..<500 { writer.append(Array("\(thread) \(number)".utf8)) }
                }
            }
        }
        #expect(writer.finish(within: .seconds(60)))
        #expect(reader.lines.count == 2000)
        for thread in 0..<4 {
            let own = reader.lines.filter { $0.hasPrefix("\(thread) ") }
            #expect(own.map(String.init) == (0..<500).map { "\(thread) \($0)" })
        }
        #expect(writer.droppedCount == 0)
        #expect(reader.callCount < 2000)
    }

    @Test("A reader that stalls keeps no thread waiting, and gets a number in place of the lines that had no room")
    func aStalledReaderKeepsNoThreadWaiting() throws {
        let reader = Reader(stalls: true)
        let writer = writer(capacity: 1000, reader.take)
        append((0..<1000).map { "line \($0)" }, to: writer)
        let dropped = writer.droppedCount
        #expect((870..<1000).contains(dropped))
        #expect(!writer.finish(within: .milliseconds(10)))
        reader.goOn()
        #expect(writer.finish(within: .seconds(60)))
        let kept = 1000 - dropped
        #expect(reader.lines.map(String.init) == (0..<kept).map { "line \($0)" } + ["dropped \(dropped)"])
    }

    @Test("Lines are written from where the system stopped, if it takes only a part of them or nothing for a while")
    func partsAreWrittenOn() {
        let octets = Mutex<[UInt8]>([])
        let calls = Atomic(0)
        let writer = writer { lines, range throws(Refused) in
            guard calls.add(1, ordering: .relaxed).newValue % 3 != 0 else { throw Refused() }
            let part = range.prefix(7)
            octets.withLock { $0.append(contentsOf: lines[part]) }
            return part.count
        }
        append(["abcdefghijkl", "mnopqrstuvwxyz", "0123456789"], to: writer)
        #expect(writer.finish(within: .seconds(60)))
        let text = octets.withLock { String(decoding: $0, as: UTF8.self) }
        #expect(text == "abcdefghijkl\nmnopqrstuvwxyz\n0123456789\n")
        #expect(writer.droppedCount == 0)
    }

    @Test("What is written at once ends with a line and has at most PIPE_BUF octets, or is one longer line")
    func piecesEndWithALine() {
        let pieces = Mutex<[[UInt8]]>([])
        let first = DispatchSemaphore(value: 0)
        let writer = writer { lines, range in
            // The first line is held up, so that the others are one batch.
            if pieces.withLock({ $0.isEmpty }) { first.wait() }
            pieces.withLock { $0.append(Array(lines[range])) }
            return range.count
        }
        let long = String(repeating: "x", count: 9000)
        append(["first"], to: writer)
        append((0..<100).map { String(repeating: "a", count: $0 * 2) } + [long, "b", "c"], to: writer)
        first.signal()
        #expect(writer.finish(within: .seconds(60)))
        let written = pieces.withLock { $0 }
        #expect(written.count >= 5)
        for piece in written {
            #expect(piece.last == UInt8(ascii: "\n"))
            #expect(piece.count <= 4096 || piece.count == long.utf8.count + 1)
        }
    }

    @Test("A pipe that is not read keeps no thread waiting, and the end is not waited for")
    func aPipeThatIsNotRead() throws {
        let pipe = Pipe()
        let output = pipe.fileHandleForWriting
        let writer = writer { lines, range in
            try output.write(contentsOf: Data(lines[range]))
            return range.count
        }
        append((0..<20_000).map { "\($0) \(String(repeating: "x", count: 100))" }, to: writer)
        #expect(writer.droppedCount > 0)
        #expect(!writer.finish(within: .milliseconds(10)))
        let first = try #require(try pipe.fileHandleForReading.read(upToCount: 110))
        #expect(first.starts(with: Data("0 x".utf8)))
        // The writer ends when the rest is read.
        let reading = Thread { while pipe.fileHandleForReading.availableData.count > 0 {} }
        reading.start()
        #expect(writer.finish(within: .seconds(60)))
        try output.close()
    }
}
