import Testing

@testable import PrometheusText

@Suite struct ProcessStatisticsTests {
    private func text(_ change: (inout ProcessStatistics.Source) -> Void) -> [Substring] {
        var source = ProcessStatistics.Source()
        change(&source)
        var samples = PrometheusSamples()
        ProcessStatistics(source).add(to: &samples)
        return PrometheusDocument(samples).text.split(separator: "\n").filter { !$0.hasPrefix("#") }
    }

    /// The name of the process is one that a hostile process would choose.
    @Test("proc(5): the metrics are those of /proc, with any process name")
    func readsWhatTheSystemSays() {
        let lines = text { source in
            source.stat =
                "4711 (a) 9 (b c) S 1 4711 4711 0 -1 4194304 5000 0 3 0 250 50 0 0 20 0 9 0 1000 123456789 2500 "
                + "18446744073709551615 1 1 0 0 0 0 0 4096 81920 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
            source.limits =
                "Limit                     Soft Limit           Hard Limit           Units     \n"
                + "Max open files            1024                 1048576              files     \n"
            source.system = "cpu  1 2 3\nbtime 1790000000\nprocesses 5\n"
            source.openFiles = 17
        }
        #expect(
            lines == [
                "process_cpu_seconds_total 3", "process_max_fds 1024", "process_open_fds 17",
                "process_resident_memory_bytes 10240000", "process_start_time_seconds 1790000010",
                "process_threads 9", "process_virtual_memory_bytes 123456789",
            ])
    }

    @Test("A metric that cannot be parsed is left out")
    func saysNothingOfWhatItCannotRead() {
        #expect(text { _ in }.isEmpty)
        #expect(text { $0.stat = "1 (a) S 1 2" }.isEmpty)
        #expect(
            text { $0.limits = "Max open files            unlimited            unlimited            files\n" }.isEmpty)
    }

    @Test("The running process has metrics")
    func thisProcessHasNumbers() {
        var samples = PrometheusSamples()
        ProcessStatistics(.current).add(to: &samples)
        #expect(PrometheusDocument(samples).text.contains("process_resident_memory_bytes "))
        #expect(PrometheusDocument(samples).text.contains("process_open_fds "))
    }
}

extension PrometheusDocument {
    var text: String { String(decoding: octets, as: UTF8.self) }
}
