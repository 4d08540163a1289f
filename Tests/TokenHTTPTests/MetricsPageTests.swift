import NIOCore
import PrometheusText
import Synchronization
import Testing

@testable import TokenHTTP

@Suite struct MetricsPageTests {
    @Test("Documents are written one at a time, and requests that come meanwhile share the next one")
    func oneAtATime() async throws {
        let registry = PrometheusRegistry()
        let counts = Mutex((current: 0, most: 0, all: 0))
        registry.collect { _ in
            counts.withLock { counts in
                counts.current += 1
                counts.most = max(counts.most, counts.current)
                counts.all += 1
            }
            counts.withLock { $0.current -= 1 }
        }
        let counter = registry.counter("c_total")
        let page = MetricsPage(registry)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    counter.increment()
                    let text = String(buffer: await page.document())
                    // What was counted before the request is in its document.
                    #expect(!text.contains("c_total 0\n"))
                }
            }
        }
        let (_, most, all) = counts.withLock { $0 }
        #expect(most == 1)
        #expect(all <= 200)
        #expect(String(buffer: await page.document()).contains("c_total 200\n"))
    }

    @Test("Requests that come while a document is written share one that begins later")
    func aDocumentIsNotOlderThanItsRequest() async {
        let registry = PrometheusRegistry()
        let requests = Atomic(0)
        let documents = Atomic(0)
        let page = Mutex<MetricsPage?>(nil)
        let (later, answers) = AsyncStream.makeStream(of: String.self)
        registry.collect { samples in
            samples.counter("seen_total", help: "", value: Double(requests.load(ordering: .relaxed)))
            guard documents.add(1, ordering: .relaxed).newValue == 1 else { return }
            // Further requests come while the first document is written.
            for _ in 0..<5 {
                requests.add(1, ordering: .relaxed)
                page.withLock { $0 }?.document { answers.yield(String(buffer: $0)) }
            }
        }
        page.withLock { $0 = MetricsPage(registry) }
        let first = await page.withLock { $0 }?.document()
        #expect(first.map { String(buffer: $0) }?.contains("seen_total 0\n") == true)
        var iterator = later.makeAsyncIterator()
        for _ in 0..<5 { #expect(await iterator.next()?.contains("seen_total 5\n") == true) }
        #expect(documents.load(ordering: .relaxed) == 2)
    }
}
