import Foundation
import Glibc

/// The system's figures of this process, under the names that Prometheus' own clients use.
package struct ProcessStatistics {
    /// Texts of /proc.
    struct Source {
        /// /proc/self/stat
        var stat = ""
        /// /proc/self/limits
        var limits = ""
        /// /proc/stat
        var system = ""
        /// How many entries /proc/self/fd has.
        var openFiles: Int?
        var ticksPerSecond = 100.0
        var pageSize = 4096.0
    }

    private let source: Source

    init(_ source: Source) {
        self.source = source
    }

    /// Reads them each time that the document is written. There are none if there is no /proc.
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

    /// From the state on, which is the first that is none: those before it are the process and its name in parentheses, and a
    /// name may hold anything, parentheses too. (In proc(5), `utime` is field 14; here it is at 11.)
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
