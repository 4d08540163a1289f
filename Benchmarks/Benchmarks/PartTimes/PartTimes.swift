import Benchmark
import Parts

/// How long each part takes, and how often a second it can be done. `--metric instructions` adds what the processor counts,
/// where it does; script/bench-parts counts without it.
let benchmarks: @Sendable () -> Void = {
    for part in Part.all {
        let configuration = Benchmark.Configuration(
            metrics: [.wallClock, .throughput], scalingFactor: part.isQuick ? .kilo : .one)
        Benchmark(part.name, configuration: configuration) { benchmark, work in
            for _ in benchmark.scaledIterations { try work() }
        } setup: {
            try part.prepare()
        }
    }
}
