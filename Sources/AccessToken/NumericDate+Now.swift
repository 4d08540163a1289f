import Libcrypto

extension NumericDate {
    /// The machine's clock. Rules never read it: they get the time as an argument.
    public static var now: NumericDate { NumericDate(SystemClock.seconds) }
}
