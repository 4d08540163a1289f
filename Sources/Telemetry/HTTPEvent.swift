import JOSE
package import Logging
import OAuth
package import WireText

/// What happens to a listener or a connection before a request reaches an endpoint.
package enum HTTPEvent: Sendable {
    /// A request that no endpoint takes: its path is unknown, the path does not have its method, or the target is not a
    /// path.
    ///
    /// - Parameters:
    ///   - method: as the client sent it.
    ///   - target: as the client sent it. Its query is not logged, since it may hold a secret.
    case refused(method: String, target: String, status: Int, listener: String, address: IPAddress?)
    /// A request that cannot be parsed, or that breaks a limit.
    ///
    /// - Parameters:
    ///   - status: of the answer; `nil` if the connection was closed without one.
    ///   - reason: a fixed text, or that of an error of a library.
    case unparsable(reason: String, status: Int?, listener: String, address: IPAddress?)
    /// A TLS handshake that failed.
    case handshakeFailed(reason: String, listener: String, address: IPAddress?)
    /// A connection that was closed because there is no room for it.
    case connectionRefused(reason: String, listener: String, address: IPAddress?)
    /// A listener that accepts no more connections, although the service was not asked to stop.
    case listenerEnded(reason: String, listener: String)

    var level: Logger.Level {
        if case .listenerEnded = self { .error } else { .debug }
    }

    /// The text of the log line.
    package var message: Logger.Message {
        switch self {
        case .refused: "Refused before an endpoint"
        case .unparsable: "Request not parsed"
        case .handshakeFailed: "TLS handshake failed"
        case .connectionRefused: "Connection refused"
        case .listenerEnded: "Listener ended"
        }
    }
}

extension HTTPEvent: LogFields {
    package func write(to line: inout some LogLine) {
        switch self {
        case .refused(let method, let target, let status, let listener, let address):
            if let address { line.member("address", address.description) }
            line.member("cause", Self.cause(of: status).rawValue)
            line.member("listener", listener)
            line.member("method", Self.known(method))
            line.member("path", Self.path(of: target))
            line.member("status", Int64(status))
        case .unparsable(let reason, let status, let listener, let address):
            write(reason, status, listener, address, to: &line)
        case .handshakeFailed(let reason, let listener, let address),
            .connectionRefused(let reason, let listener, let address):
            write(reason, nil, listener, address, to: &line)
        case .listenerEnded(let reason, let listener): write(reason, nil, listener, nil, to: &line)
        }
    }

    private func write(
        _ reason: String, _ status: Int?, _ listener: String, _ address: IPAddress?, to line: inout some LogLine
    ) {
        if let address { line.member("address", address.description) }
        line.member("listener", listener)
        line.member("reason", BoundedText(reason).text)
        if let status { line.member("status", Int64(status)) }
    }

    /// A refusal before an endpoint is known by its status.
    private static func cause(of status: Int) -> RefusalCause {
        let ofConsole: [Int: RefusalCause] = [403: .foreignPage, 421: .foreignHost, 429: .consoleFull]
        if let cause = ofConsole[status] { return cause }
        let codes: [TokenRefusal.Code] = [.notFound, .methodNotAllowed, .overloaded, .anotherTimeOfList]
        return TokenRefusal(codes.first { $0.status == status } ?? .targetIsNoPath).cause
    }

    /// The methods of RFC 9110 section 9.3 and RFC 5789; `other` for everything else, which may be of any length.
    private static func known(_ method: String) -> String {
        let methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]
        return methods.first { Octets($0).isSame(as: method) } ?? "other"
    }

    /// The target up to its query or fragment. A target that is not a path may hold the name and password of a user.
    private static func path(of target: String) -> String {
        let target = Octets(target)
        guard target.first == UInt8(ascii: "/") else { return target.isSame(as: "*") ? "*" : "not a path" }
        return BoundedText(target.split(at: "?").head.split(at: "#").head.text).text
    }
}

/// Text of another party, for a log line: the first 128 octets, with `\xNN` in place of each octet that is not visible
/// ASCII or a space.
struct BoundedText {
    let text: String

    private static let longest = 128

    init(_ text: String) {
        var octets: [UInt8] = []
        for octet in text.utf8.prefix(Self.longest) {
            if (0x20...0x7E).contains(octet), octet != UInt8(ascii: "\\") {
                octets.append(octet)
            } else {
                octets += [
                    UInt8(ascii: "\\"), UInt8(ascii: "x"), ASCII.hexDigit(octet >> 4), ASCII.hexDigit(octet & 15),
                ]
            }
        }
        if text.utf8.count > Self.longest { octets += "...".utf8 }
        self.text = String(decoding: octets, as: UTF8.self)
    }
}
