import NIOHTTP1
import Testing

@testable import HTTPEdge

@Suite("Requests behind one that waits for its response")
struct PipelineTests {
    private let head = Pipeline.Input.part(.head(HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")))

    private func taken(_ pipeline: inout Pipeline) -> [String] {
        var taken: [String] = []
        while let input = pipeline.popFirst() {
            switch input {
            case .part: taken.append("part")
            case .failure(let status): taken.append("\(status.code)")
            case .end: taken.append("end")
            }
        }
        return taken
    }

    @Test("Sixty-four wait; the next one ends the connection, and nothing behind it is kept")
    func requests() {
        var pipeline = Pipeline()
        for _ in 0..<100 { pipeline.append(head) }
        pipeline.append(.end)
        let inputs = taken(&pipeline)
        #expect(inputs == Array(repeating: "part", count: 64) + ["429"])
        #expect(pipeline.isFull)
    }

    @Test("So does the octet that is too many, whatever it belongs to")
    func octets() {
        var pipeline = Pipeline()
        pipeline.append(head)
        pipeline.read(16 * 1024)
        #expect(!pipeline.isFull)
        pipeline.read(1)
        pipeline.append(.part(.end(nil)))
        let inputs = taken(&pipeline)
        #expect(inputs == ["part", "429"])
    }

    @Test("When all were taken, others have the same room")
    func room() {
        var pipeline = Pipeline()
        for _ in 0..<10 {
            for _ in 0..<60 { pipeline.append(head) }
            pipeline.read(10_000)
            let inputs = taken(&pipeline)
            #expect(inputs.count == 60)
        }
        #expect(!pipeline.isFull)
        #expect(pipeline.octets == 0)
    }
}
