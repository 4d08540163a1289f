import HTTPTypes
import Hummingbird
import Telemetry

extension HTTPEvent {
    /// The event of a request that no endpoint takes.
    static func refused(
        _ request: Request, _ status: HTTPResponse.Status, listener: String, _ context: ConnectionContext
    ) -> HTTPEvent {
        .refused(
            method: request.method.rawValue, target: request.head.path ?? "", status: status.code, listener: listener,
            address: context.address)
    }
}
