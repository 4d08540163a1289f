#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The machine's clock, for which Swift without Foundation has no API.
package enum SystemClock {
    /// Whole seconds since 1970-01-01T00:00:00Z, without leap seconds.
    package static var seconds: Int64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec)
    }
}
