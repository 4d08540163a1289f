import TestSupport
import Testing

@testable import PrometheusText

@Suite struct PrometheusRegistryTests {
    private let registry = PrometheusRegistry()

    @Test("The document is in the text format of Prometheus 0.0.4")
    func writesTheWholeDocument() {
        registry.describe("requests_total", help: "Answered\nrequests, \\ all.")
        registry.describe("wait_seconds", help: "Waiting.", bounds: [0.5, 1])
        for _ in 0..<3 { registry.counter("requests_total", [("outcome", "ok"), ("client", "")]).increment() }
        registry.counter("requests_total", [("z", "1"), ("outcome", "a\"\\\n")]).increment()
        let wait = registry.histogram("wait_seconds", [("kind", "x")])
        for nanoseconds in [500_000_000, 500_000_001, 3_000_000_000] as [Int64] {
            wait.record(nanoseconds: nanoseconds)
        }
        registry.collect { samples in
            samples.gauge("depth", help: "", value: 1.5)
            samples.gauge("clients", help: "Clients.", value: 7)
            samples.gauge("key", help: "", value: -1, labels: [("kid", "b")])
            samples.gauge("key", help: "", value: 1, labels: [("kid", "a")])
        }
        #expect(
            registry.text() == #"""
                # HELP clients Clients.
                # TYPE clients gauge
                clients 7
                # HELP depth Not described.
                # TYPE depth gauge
                depth 1.5
                # HELP key Not described.
                # TYPE key gauge
                key{kid="a"} 1
                key{kid="b"} -1
                # HELP requests_total Answered\nrequests, \\ all.
                # TYPE requests_total counter
                requests_total{outcome="a\"\\\n",z="1"} 1
                requests_total{outcome="ok"} 3
                # HELP wait_seconds Waiting.
                # TYPE wait_seconds histogram
                wait_seconds_bucket{kind="x",le="0.5"} 1
                wait_seconds_bucket{kind="x",le="1"} 2
                wait_seconds_bucket{kind="x",le="+Inf"} 3
                wait_seconds_sum{kind="x"} 4.000000001
                wait_seconds_count{kind="x"} 3

                """#)
    }

    @Test("The same labels in another order are the same metric")
    func theSameLabelsAreTheSameMetric() {
        for dimensions in [[("a", "1"), ("b", "2")], [("b", "2"), ("a", "1")]] {
            registry.counter("c_total", dimensions).increment()
        }
        #expect(registry.text().contains("c_total{a=\"1\",b=\"2\"} 2\n"))
    }

    @Test("A name has one kind: that of the metric that was created first")
    func aNameHasOneKind() {
        registry.counter("x").increment()
        registry.histogram("x").record(nanoseconds: 1)
        registry.histogram("z").record(nanoseconds: 1)
        registry.counter("z").increment()
        registry.collect { $0.gauge("v", help: "", value: 9) }
        registry.counter("v", [("a", "b")]).increment()
        registry.collect { $0.counter("y", help: "", value: 1) }
        registry.collect { $0.gauge("y", help: "", value: 2, labels: [("a", "b")]) }
        let lines = registry.text().split(separator: "\n")
        let types = lines.filter { $0.hasPrefix("# TYPE") }
        #expect(types == ["# TYPE v gauge", "# TYPE x counter", "# TYPE y counter", "# TYPE z histogram"])
        for line in ["v 9", "x 1", "y 1", "z_count 1"] { #expect(lines.contains { $0 == line }) }
        #expect(!lines.contains { $0.contains("a=") })
    }

    @Test(
        "An octet that is not allowed in a name becomes an underscore",
        arguments: [("a-b.c", "a_b_c"), ("9a", "_9a"), ("", "_"), ("ä", "__"), ("a:b", "a:b")])
    func namesAreMadeToFit(name: String, written: String) {
        registry.counter(name).increment()
        #expect(registry.text().hasSuffix("\n\(written) 1\n"))
    }

    /// In Swift each of these pairs is one character.
    @Test(
        "Labels are escaped octet by octet",
        arguments: [("a\r\nb", "a\r\\nb"), ("\"\u{301}", "\\\"\u{301}"), ("\\\u{301}", "\\\\\u{301}")])
    func labelsAreEscaped(value: String, written: String) {
        registry.counter("m", [("a", value)]).increment()
        #expect(
            registry.text().utf8.elementsEqual(
                "# HELP m Not described.\n# TYPE m counter\nm{a=\"\(written)\"} 1\n".utf8))
    }

    @Test("Labels that Prometheus reserves get another name")
    func reservedLabelsGetAnotherName() {
        registry.histogram("t_seconds", [("le", "x"), ("__name__", "y")]).record(nanoseconds: 1)
        #expect(registry.text().contains("t_seconds_count{_name__=\"y\",exported_le=\"x\"} 1\n"))
    }

    @Test("Labels have no colon")
    func labelsHaveNoColon() {
        registry.counter("m", [("a:b", "1")]).increment()
        #expect(registry.text().hasSuffix("m{a_b=\"1\"} 1\n"))
    }

    @Test("A metric that was removed is absent, and starts from zero if it is created again")
    func removes() {
        registry.counter("c_total", [("a", "1")]).increment()
        registry.remove("c_total", [("a", "1")])
        #expect(!registry.text().contains("c_total{"))
        registry.counter("c_total", [("a", "1")]).increment()
        #expect(registry.text().contains("c_total{a=\"1\"} 1\n"))
    }

    @Test("Nothing is lost when many tasks count")
    func manyTasksCount() async {
        let counter = registry.counter("c_total")
        let histogram = registry.histogram("t_seconds")
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<10_000 {
                        counter.increment()
                        histogram.record(nanoseconds: 1_000_000_000)
                    }
                }
            }
        }
        #expect(registry.text().contains("c_total 80000\n"))
        #expect(registry.text().contains("t_seconds_sum 80000\n"))
        #expect(registry.text().contains("t_seconds_bucket{le=\"0.5\"} 0\n"))
        #expect(registry.text().contains("t_seconds_bucket{le=\"1\"} 80000\n"))
    }

    @Test("Metrics stay sorted by their labels, however they are added and removed between documents")
    func staysSorted() {
        var generator = SeededGenerator(seed: 18)
        var present: Set<Int> = []
        for _ in 0..<30 {
            for _ in 0..<20 {
                let number = Int.random(in: 0..<60, using: &generator)
                let labels = [("n", String(number))]
                if Bool.random(using: &generator) {
                    registry.counter("c_total", labels).increment()
                    present.insert(number)
                } else {
                    registry.remove("c_total", labels)
                    present.remove(number)
                }
            }
            let lines = registry.text().split(separator: "\n").filter { $0.hasPrefix("c_total{") }
            let expected = present.map { "c_total{n=\"\($0)\"}" }.sorted()
            #expect(lines.map { String($0.prefix { $0 != " " }) } == expected)
        }
    }

    @Test("A document is in order while metrics are added and others are written")
    func documentsAreWrittenWhileMetricsAreAdded() async {
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<4 {
                group.addTask {
                    for number in 0..<500 { registry.counter("c_total", [("n", "\(thread)-\(number)")]).increment() }
                }
                group.addTask {
                    for _ in 0..<20 {
                        let lines = registry.text().split(separator: "\n").filter { $0.hasPrefix("c_total{") }
                        #expect(lines == lines.sorted())
                        #expect(Set(lines).count == lines.count)
                    }
                }
            }
        }
        #expect(registry.text().split(separator: "\n").count { $0.hasPrefix("c_total{") } == 2000)
    }
}
