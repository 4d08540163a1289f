import NIOHTTP2

/// Whether the parser has sent GOAWAY for an error of the connection.
final class HTTP2ConnectionErrors: NIOHTTP2FrameDelegate {
    private(set) var hasOccurred = false

    func wroteFrame(_ frame: HTTP2Frame) {
        if case .goAway(_, let code, _) = frame.payload, code != .noError { hasOccurred = true }
    }
}
