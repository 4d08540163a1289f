import CoreMetrics
import Testing

@testable import PrometheusText

@Suite struct PrometheusRegistryTests {
    private let registry = PrometheusRegistry()

    @Test func writesTheWholeDocument() {
        registry.describe("requests_total", help: "Answered\nrequests, \\ all.")
        registry.describe("wait_seconds", help: "Waiting.", bounds: [0.5, 1])
        let counter = Counter(
            label: "requests_total", dimensions: [("outcome", "ok"), ("client", "")], factory: registry)
        counter.increment(by: 3)
        Counter(label: "requests_total", dimensions: [("z", "1"), ("outcome", "a\"\\\n")], factory: registry)
            .increment()
        Meter(label: "depth", dimensions: [], factory: registry).set(1.5)
        let wait = registry.makeTimer(label: "wait_seconds", dimensions: [("kind", "x")])
        for nanoseconds in [500_000_000, 500_000_001, 3_000_000_000] as [Int64] { wait.recordNanoseconds(nanoseconds) }
        registry.collect { samples in
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

    @Test func theSameLabelsAreTheSameMetric() {
        for dimensions in [[("a", "1"), ("b", "2")], [("b", "2"), ("a", "1")]] {
            Counter(label: "c_total", dimensions: dimensions, factory: registry).increment()
        }
        #expect(registry.text().contains("c_total{a=\"1\",b=\"2\"} 2\n"))
    }

    @Test func aNameHasOneKind() {
        Counter(label: "x", dimensions: [], factory: registry).increment()
        Meter(label: "x", dimensions: [], factory: registry).set(5)
        registry.makeTimer(label: "x", dimensions: []).recordNanoseconds(1)
        registry.collect { $0.gauge("x", help: "", value: 9, labels: [("a", "b")]) }
        registry.collect { $0.counter("y", help: "", value: 1) }
        registry.collect { $0.gauge("y", help: "", value: 2, labels: [("a", "b")]) }
        let lines = registry.text().split(separator: "\n")
        #expect(lines.filter { $0.hasPrefix("# TYPE") }.count == 2)
        #expect(lines.contains("y 1"))
        #expect(lines.count == 6)
    }

    @Test(arguments: [("a-b.c", "a_b_c"), ("9a", "_9a"), ("", "_"), ("ä", "__"), ("a:b", "a:b")])
    func namesAreMadeToFit(name: String, written: String) {
        Meter(label: name, dimensions: [], factory: registry).set(1)
        #expect(registry.text().hasSuffix("\n\(written) 1\n"))
    }

    /// Swift takes each of these pairs for one character.
    @Test(arguments: [("a\r\nb", "a\r\\nb"), ("\"\u{301}", "\\\"\u{301}"), ("\\\u{301}", "\\\\\u{301}")])
    func labelsAreEscapedOctetByOctet(value: String, written: String) {
        Meter(label: "m", dimensions: [("a", value)], factory: registry).set(1)
        #expect(
            registry.text().utf8.elementsEqual("# HELP m Not described.\n# TYPE m gauge\nm{a=\"\(written)\"} 1\n".utf8))
    }

    @Test func reservedLabelsGetAnotherName() {
        let timer = registry.makeTimer(label: "t_seconds", dimensions: [("le", "x"), ("__name__", "y")])
        timer.recordNanoseconds(1)
        #expect(registry.text().contains("t_seconds_count{_name__=\"y\",exported_le=\"x\"} 1\n"))
    }

    @Test func countersDoNotFallAndSumsStayNumbers() {
        let counter = Counter(label: "c_total", dimensions: [], factory: registry)
        counter.increment(by: 5)
        counter.increment(by: -3 as Int64)
        #expect(registry.text().contains("c_total 5\n"))
        let recorder = Recorder(label: "r", dimensions: [], aggregate: true, factory: registry)
        recorder.record(Double.nan)
        recorder.record(2)
        #expect(registry.text().contains("r_sum 2\n"))
        #expect(registry.text().contains("r_count 1\n"))
    }

    @Test func labelsHaveNoColon() {
        Meter(label: "m", dimensions: [("a:b", "1")], factory: registry).set(1)
        #expect(registry.text().hasSuffix("m{a_b=\"1\"} 1\n"))
    }

    @Test func nothingIsLostWhenManyCount() async {
        let counter = Counter(label: "c_total", dimensions: [], factory: registry)
        let timer = registry.makeTimer(label: "t_seconds", dimensions: [])
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<10_000 {
                        counter.increment()
                        timer.recordNanoseconds(1_000_000_000)
                    }
                }
            }
        }
        #expect(registry.text().contains("c_total 80000\n"))
        #expect(registry.text().contains("t_seconds_sum 80000\n"))
        #expect(registry.text().contains("t_seconds_bucket{le=\"0.5\"} 0\n"))
        #expect(registry.text().contains("t_seconds_bucket{le=\"1\"} 80000\n"))
    }
}
