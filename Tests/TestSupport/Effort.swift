import Glibc

/// Measures work as processor time of this thread, whatever else the machine does.
public enum Effort {
    /// Whether `script/sanitize` runs the tests, so that each takes some ten times as long.
    public static let isSanitized = unsafe getenv("WRIT_SANITIZER") != nil

    /// The minimum of several runs, in nanoseconds.
    public static func least(of runs: Int = 5, _ body: () -> Void) -> Double {
        (0..<runs).map { _ in
            let start = threadTime()
            body()
            return threadTime() - start
        }.min() ?? 0
    }

    /// The factor by which the work grows when the input grows sixteenfold: about 16 if the work is linear, 256 if it
    /// is quadratic.
    public static func growth<Input>(_ makeInput: (Int) -> Input, from size: Int, _ body: (Input) -> Void) -> Double {
        let (small, large) = (makeInput(size), makeInput(16 * size))
        body(large)
        return least { body(large) } / max(least { body(small) }, 1)
    }

    private static func threadTime() -> Double {
        var time = timespec()
        guard unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0 else { return 0 }
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }
}
