/// The frames in some octets, RFC 9113 section 4.1.
struct HTTP2Frames: Sequence, IteratorProtocol {
    struct Frame {
        let type: Kind?
        let flags: UInt8
        let stream: UInt32
        let payload: ArraySlice<UInt8>

        /// END_STREAM, and ACK.
        var hasFirstFlag: Bool { flags & 1 != 0 }
        /// END_HEADERS
        var endsHeaders: Bool { flags & 4 != 0 }
    }

    enum Kind: UInt8 {
        case data, headers, priority, resetStream, settings, pushPromise, ping, goAway, windowUpdate, continuation
    }

    /// What is no whole frame.
    private(set) var rest: ArraySlice<UInt8>

    init(_ octets: ArraySlice<UInt8>) {
        rest = octets
    }

    mutating func next() -> Frame? {
        let start = rest.startIndex
        guard rest.count >= 9 else { return nil }
        func number(_ range: Range<Int>) -> Int {
            rest[(start + range.lowerBound)..<(start + range.upperBound)].reduce(0) { $0 << 8 | Int($1) }
        }
        let length = number(0..<3)
        guard rest.count >= 9 + length else { return nil }
        defer { rest = rest.dropFirst(9 + length) }
        return Frame(
            type: Kind(rawValue: rest[start + 3]), flags: rest[start + 4],
            stream: UInt32(truncatingIfNeeded: number(5..<9) & 0x7FFF_FFFF),
            payload: rest[(start + 9)..<(start + 9 + length)])
    }
}
