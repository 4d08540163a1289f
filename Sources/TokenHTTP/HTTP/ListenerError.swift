import NIOCore
import ServiceFiles
import SystemPackage

/// An address that cannot be listened on.
package struct ListenerError: Error, Sendable, CustomStringConvertible {
    private let address: ListenAddress
    /// nil where the host's name led nowhere.
    private let reason: Errno?

    /// - Returns: nil for an error that has nothing to do with listening.
    init?(_ address: ListenAddress, _ error: any Error) {
        switch error {
        case let error as IOError: reason = Errno(rawValue: error.errnoCode)
        case is SocketAddressError, is SocketAddressError.UnknownHost: reason = nil
        default: return nil
        }
        self.address = address
    }

    /// The address, and the system's reason.
    package var description: String {
        "cannot listen on \(address): \(reason?.description.lowercased() ?? "there is no such host")"
    }

    /// What to do about it.
    package var hint: String? {
        switch reason {
        case .addressInUse?: "another process has the port; choose another with listen or management in writ.yaml"
        case .permissionDenied?: "ports below 1024 are for root; choose another, or grant CAP_NET_BIND_SERVICE"
        default: nil
        }
    }
}
