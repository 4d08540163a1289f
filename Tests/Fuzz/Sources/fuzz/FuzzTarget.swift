import Glibc

/// A parser, and what must hold whatever it is given.
protocol FuzzTarget: Sendable {
    /// Ends the process, or throws, where a property does not hold.
    func run(_ input: Input) throws

    /// Only parses.
    func parse(_ octets: [UInt8])
}

extension FuzzTarget {
    func tryOut(_ input: Input) throws {
        try run(input)
        guard input.isChosen(oneIn: 1024), !input.octets.isEmpty else { return }
        // Where it took quadratic time, this would take minutes.
        let start = Self.processorTime
        parse(input.stretched(to: Self.longest))
        require(Self.processorTime - start < 3, "a long text takes no more than linear time")
    }

    /// In octets: more than any request or key has.
    private static var longest: Int { 32 * 1024 }

    /// Of this process, in seconds: what else the machine does must not count.
    private static var processorTime: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// Ends the process with a trap, which libFuzzer reports, where a property does not hold.
func require(_ holds: Bool, _ property: @autoclosure () -> String) {
    guard !holds else { return }
    fatalError("does not hold: \(property())")
}
