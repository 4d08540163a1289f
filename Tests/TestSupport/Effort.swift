import Glibc

/// How much work something is, whatever else the machine does: processor time of this thread.
public enum Effort {
    /// The least of some runs, in nanoseconds.
    public static func least(of runs: Int = 5, _ body: () -> Void) -> Double {
        (0..<runs).map { _ in
            let start = threadTime()
            body()
            return threadTime() - start
        }.min() ?? 0
    }

    /// How many times the work grows where the input grows sixteenfold: about 16 where work is linear, 256 where it is
    /// quadratic.
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
