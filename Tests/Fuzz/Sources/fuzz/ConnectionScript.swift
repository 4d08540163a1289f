import NIOCore

/// What a client does over a connection: the octets that it sends, and what happens between them.
///
/// An input is such a script. An octet 0xFE begins what is no octet to send:
///
///     FE FE         an octet 0xFE
///     FE r          a read ends here
///     FE w N        N seconds pass
///     FE h, FE s    signatures wait from now on; they are made
///     FE p, FE g N  the client reads no more; it reads N * 64 octets; with N = 0 all that comes
///     FE e, FE x    the client closes its side; it resets the connection
///     FE d, FE D    graceful shutdown: clients are asked to go elsewhere; connections are drained
///     FE v          the listener makes room for another connection
///     FE m N        all connections have N * 4 KiB of memory
///     FE T F S      with T < 16: a frame of HTTP/2 of type T, with the flags F, on stream S; its length is that of
///                   what follows until the next 0xFE but FE FE, and FE r
struct ConnectionScript {
    enum Step: Equatable {
        case send([UInt8])
        case wait(TimeAmount)
        case holdSignatures
        case sign
        case stopReading
        /// nil for all that comes.
        case read(Int?)
        case endInput
        case reset
        case askToLeave
        case drain
        case evict
    }

    private(set) var steps: [Step] = []
    /// In octets.
    private(set) var memory = Self.usualMemory
    private static let usualMemory = 1 << 20

    init(_ octets: [UInt8]) {
        var rest = octets[...]
        var (sent, cuts) = ([UInt8](), [Int]())
        /// Where the payload of the current frame begins in `sent`.
        var frame: Int?
        func endFrame() {
            guard let start = frame else { return }
            let length = sent.count - start
            for place in 0..<3 { sent[start - 9 + place] = UInt8(truncatingIfNeeded: length >> (16 - 8 * place)) }
            frame = nil
        }
        func add(_ step: Step?) {
            endFrame()
            for (start, end) in zip([0] + cuts, cuts + [sent.count]) where start < end {
                steps.append(.send(Array(sent[start..<end])))
            }
            (sent, cuts) = ([], [])
            if let step { steps.append(step) }
        }
        func number() -> Int { Int(rest.popFirst() ?? 0) }

        while let octet = rest.popFirst() {
            guard octet == 0xFE, let code = rest.first else {
                sent.append(octet)
                continue
            }
            rest.removeFirst()
            switch code {
            case 0xFE: sent.append(0xFE)
            case UInt8(ascii: "r"): cuts.append(sent.count)
            case UInt8(ascii: "w"): add(.wait(.seconds(Int64(number()))))
            case UInt8(ascii: "h"): add(.holdSignatures)
            case UInt8(ascii: "s"): add(.sign)
            case UInt8(ascii: "p"): add(.stopReading)
            case UInt8(ascii: "g"):
                let count = number()
                add(.read(count == 0 ? nil : count * 64))
            case UInt8(ascii: "e"): add(.endInput)
            case UInt8(ascii: "x"): add(.reset)
            case UInt8(ascii: "d"): add(.askToLeave)
            case UInt8(ascii: "D"): add(.drain)
            case UInt8(ascii: "v"): add(.evict)
            case UInt8(ascii: "m"): memory = number() * 4096
            case 0..<16:
                endFrame()
                let (flags, stream) = (rest.popFirst() ?? 0, rest.popFirst() ?? 0)
                sent += [0, 0, 0, code, flags, 0, 0, 0, stream]
                frame = sent.count
            default: sent += [0xFE, code]
            }
        }
        add(nil)
    }

    /// - Parameters:
    ///   - pieces: sent one after the other.
    ///   - last: what follows them.
    init(sending pieces: [[UInt8]], then last: Step? = nil) {
        steps = pieces.map { .send($0) }
        if let last { steps.append(last) }
    }

    /// All octets that are sent.
    var octets: [UInt8] {
        steps.reduce(into: []) { octets, step in if case .send(let piece) = step { octets += piece } }
    }

    /// Whether nothing happens but that octets are sent.
    var isPlain: Bool {
        memory == Self.usualMemory && steps.allSatisfy { if case .send = $0 { true } else { false } }
    }
}
