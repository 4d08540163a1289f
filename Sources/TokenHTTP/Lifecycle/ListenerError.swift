import NIOCore
import ServiceFiles
import SystemPackage

/// The service cannot listen on an address.
package struct ListenerError: Error, Sendable, Equatable, CustomStringConvertible {
    private let address: ListenAddress
    /// The system's error, or `nil` if the host name has no address.
    private let reason: Errno?

    /// - Returns: `nil` if the error has another cause than listening.
    init?(_ address: ListenAddress, _ error: any Error) {
        switch error {
        case let error as IOError: reason = Errno(rawValue: error.errnoCode)
        case is SocketAddressError, is SocketAddressError.UnknownHost: reason = nil
        default: return nil
        }
        self.address = address
    }

    /// A human-readable description: the address and the system's reason.
    package var description: String {
        "cannot listen on \(address): \(reason?.description.lowercased() ?? "there is no such host")"
    }

    /// A hint how to solve the problem.
    package var hint: String? {
        switch reason {
        case .addressInUse?: "another process has the port; choose another with listen or management in writ.yaml"
        case .permissionDenied?: "ports below 1024 are for root; choose another, or grant CAP_NET_BIND_SERVICE"
        default: nil
        }
    }
}
