import HTTPEdge
import NIOHTTP1
import Telemetry

extension HTTPEvent {
    /// The event of a request that no endpoint takes.
    static func refused(_ request: Request, _ response: Response, listener: String) -> HTTPEvent {
        let target =
            switch request.target {
            case .path(let path, _): path
            case .asterisk: "*"
            case .invalid: ""
            }
        return .refused(
            method: request.method.rawValue, target: target, status: Int(response.status.code), listener: listener,
            address: request.peer.address)
    }

    /// What happened on a connection.
    init(_ event: EdgeEvent, listener: String) {
        self =
            switch event {
            case .malformedRequest(let status, let address):
                .unparsable(
                    reason: status.reasonPhrase, status: Int(status.code), listener: listener, address: address)
            case .requestTimeout(let address):
                .unparsable(reason: "timeout", status: nil, listener: listener, address: address)
            case .handshakeFailed(let address, let reason):
                .handshakeFailed(reason: reason, listener: listener, address: address)
            case .noMemory(let address):
                .connectionRefused(reason: "memory", listener: listener, address: address)
            case .evicted(let address):
                .connectionRefused(reason: "silent while others wait", listener: listener, address: address)
            }
    }
}
