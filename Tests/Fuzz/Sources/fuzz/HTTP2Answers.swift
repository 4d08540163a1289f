import NIOCore
import NIOHPACK
import NIOHTTP1

/// What came back over a connection of HTTP/2.
struct HTTP2Answers {
    private struct Stream {
        var answer: HTTPAnswer?
        var isEnded = false
    }

    private var streams: [UInt32: Stream] = [:]
    private var resets: [UInt32: UInt32] = [:]
    /// The error code of the last GOAWAY.
    private var goAway: UInt32?
    private let isTruncated: Bool
    private let hasHead: Bool

    /// Ends the process if the octets are no frames that a server may send.
    init(_ outcome: TokenConnections.Outcome) {
        isTruncated = outcome.isTruncated
        hasHead = outcome.methods.contains(.HEAD)
        var frames = HTTP2Frames(outcome.received[...])
        var decoder = HPACKDecoder(allocator: ByteBufferAllocator())
        var isFirst = true
        var section: (stream: UInt32, ends: Bool, octets: ByteBuffer)?
        while let frame = frames.next() {
            require(frame.payload.count <= 16384, "a frame is no longer than clients must take")
            require(!isFirst || frame.type == .settings && !frame.hasFirstFlag, "the settings come first")
            isFirst = false
            require(section == nil || frame.type == .continuation, "a field section is in one piece")
            switch frame.type {
            case .headers:
                require(frame.flags & 0x28 == 0, "there is no padding, nor a priority")
                section = (frame.stream, frame.hasFirstFlag, ByteBuffer(bytes: frame.payload))
            case .continuation:
                require(section?.stream == frame.stream, "a field section is of one stream")
                section?.octets.writeBytes(frame.payload)
            case .data: receive(frame)
            case .resetStream:
                require(frame.payload.count == 4 && frame.stream != 0, "a stream is reset with a code")
                resets[frame.stream] = frame.payload.reduce(0) { $0 << 8 | UInt32($1) }
            case .goAway: goAway = frame.payload.dropFirst(4).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
            case .settings, .ping, .windowUpdate: break
            case .priority, .pushPromise, nil: require(false, "a server sends no such frame")
            }
            guard frame.type == .headers || frame.type == .continuation, frame.endsHeaders, var whole = section else {
                continue
            }
            section = nil
            Self.dropSizeUpdates(from: &whole.octets)
            guard let fields = try? decoder.decodeHeaders(from: &whole.octets) else {
                fatalError("does not hold: a field section can be decoded")
            }
            receive(fields, on: whole.stream, isEnd: whole.ends)
        }
        require(frames.rest.isEmpty || isTruncated, "a frame is whole")
        require(section == nil || isTruncated, "a field section is whole")
    }

    /// RFC 7541 section 6.3. The client may have allowed a table of any size, for which the decoder would reserve memory;
    /// but the server has nothing in its table.
    private static func dropSizeUpdates(from octets: inout ByteBuffer) {
        while let first = octets.getInteger(at: octets.readerIndex, as: UInt8.self), first & 0xE0 == 0x20 {
            octets.moveReaderIndex(forwardBy: 1)
            guard first & 0x1F == 0x1F else { continue }
            while let next = octets.readInteger(as: UInt8.self), next & 0x80 != 0 {}
        }
    }

    private mutating func receive(_ fields: HPACKHeaders, on id: UInt32, isEnd: Bool) {
        var stream = streams[id] ?? Stream()
        require(!stream.isEnded && resets[id] == nil, "nothing comes on a stream after its end")
        require((goAway ?? 0) == 0, "no answer comes after an error of the connection")
        require(stream.answer == nil || stream.answer?.status == 100, "a stream has one answer")
        guard let status = fields.first(name: ":status").flatMap({ Int($0) }) else {
            fatalError("does not hold: an answer has a status")
        }
        require(
            fields.allSatisfy { !$0.name.utf8.contains { (0x41...0x5A).contains($0) } }, "names are in small letters")
        stream.answer = HTTPAnswer(
            status: status, fields: fields.dropFirst().map { ($0.name, $0.value) })
        stream.isEnded = isEnd
        require(status >= 200 || !isEnd, "an interim answer is not the last")
        streams[id] = stream
    }

    private mutating func receive(_ frame: HTTP2Frames.Frame) {
        guard var stream = streams[frame.stream], stream.answer != nil else {
            fatalError("does not hold: content comes after fields")
        }
        require(!stream.isEnded && resets[frame.stream] == nil, "nothing comes on a stream after its end")
        require(frame.flags & 8 == 0, "there is no padding")
        stream.answer?.body += frame.payload
        stream.isEnded = frame.hasFirstFlag
        streams[frame.stream] = stream
    }

    /// - Parameter requests: what the client has sent.
    func check(requests: [UInt8]) {
        let begun = Set(HTTP2Frames(requests.dropFirst(24)).lazy.filter { $0.type == .headers }.map(\.stream))
        for (id, stream) in streams {
            require(begun.contains(id), "there is no answer without a request")
            guard let answer = stream.answer else { continue }
            let length = answer["content-length"].flatMap { Int($0) }
            let isEmpty = answer.body.isEmpty
            require(
                !stream.isEnded || length == nil && isEmpty || length == answer.body.count || hasHead && isEmpty,
                "content has the length that was said")
            if stream.isEnded || isEmpty { answer.check() }
        }
    }

    /// Whether each request was answered, as far as the client has sent it.
    var isComplete: Bool {
        !isTruncated && (goAway ?? 0) == 0 && resets.values.allSatisfy { $0 == 0 } && !statuses.values.contains(503)
    }

    var statuses: [UInt32: Int] { streams.compactMapValues { $0.answer?.status } }
}
