import Foundation
import Glibc

/// Metrics of this process from the operating system, with the names that the client libraries of Prometheus use.
package struct ProcessStatistics {
    /// The contents of files in /proc.
    struct Source {
        /// /proc/self/stat
        var stat = ""
        /// /proc/self/limits
        var limits = ""
        /// /proc/stat
        var system = ""
        /// The number of entries in /proc/self/fd.
        var openFiles: Int?
        var ticksPerSecond = 100.0
        var pageSize = 4096.0
    }

    private let source: Source

    init(_ source: Source) {
        self.source = source
    }

    /// Adds the metrics to each document of `registry`. Without /proc there are none.
    package static func collect(into registry: PrometheusRegistry) {
        registry.collect { ProcessStatistics(.current).add(to: &$0) }
    }

    private var maximumOpenFiles: Double? { number(after: "Max open files", in: source.limits) }

    func add(to samples: inout PrometheusSamples) {
        if let fields, fields.count > 21 {
            samples.counter(
                "process_cpu_seconds_total", help: "Processor time, in user space and in the system.",
                value: (fields[11] + fields[12]) / source.ticksPerSecond)
            samples.gauge("process_threads", help: "Threads.", value: fields[17])
            samples.gauge("process_virtual_memory_bytes", help: "Virtual memory.", value: fields[20])
            samples.gauge(
                "process_resident_memory_bytes", help: "Resident memory.", value: fields[21] * source.pageSize)
            if let boot = number(after: "btime ", in: source.system) {
                samples.gauge(
                    "process_start_time_seconds", help: "When the process started.",
                    value: boot + fields[19] / source.ticksPerSecond)
            }
        }
        if let openFiles = source.openFiles {
            samples.gauge("process_open_fds", help: "Open file descriptors.", value: Double(openFiles))
        }
        if let limit = maximumOpenFiles {
            samples.gauge("process_max_fds", help: "The most file descriptors that may be open.", value: limit)
        }
    }

    /// The numbers of /proc/self/stat after the process name. The state comes first, and counts as 0. The name is in
    /// parentheses and may contain parentheses, so the last one ends it. (`utime` is field 14 of proc(5) and has index
    /// 11 here.)
    private var fields: [Double]? {
        guard let end = source.stat.lastIndex(of: ")") else { return nil }
        return source.stat[end...].dropFirst().split(separator: " ").map { Double($0) ?? 0 }
    }

    private func number(after start: String, in text: String) -> Double? {
        let line = text.split(separator: "\n").first { $0.hasPrefix(start) }
        return line?.dropFirst(start.count).split(separator: " ").first.flatMap { Double($0) }
    }
}

extension ProcessStatistics.Source {
    static var current: Self {
        var source = Self()
        source.stat = text("/proc/self/stat")
        source.limits = text("/proc/self/limits")
        source.system = text("/proc/stat")
        source.openFiles = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        source.ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
        source.pageSize = Double(sysconf(Int32(_SC_PAGESIZE)))
        return source
    }

    private static func text(_ path: String) -> String {
        (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    }
}
