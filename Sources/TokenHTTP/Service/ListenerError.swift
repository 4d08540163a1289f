import Glibc
import SystemPackage

/// An address that cannot be listened on.
public struct ListenerError: Error, Sendable, CustomStringConvertible {
    private let address: ListenAddress
    private let reason: Errno

    init(_ address: ListenAddress, errno: Int32) {
        self.address = address
        reason = Errno(rawValue: errno)
    }

    /// Finds it again in what a service group throws.
    init?(_ error: any Error) {
        guard let error = error as? ListenerError else { return nil }
        self = error
    }

    /// For people: the address, and what the operating system says.
    public var description: String {
        "cannot listen on \(address): \(reason.description.lowercased())"
    }

    /// What to do about it.
    public var hint: String? {
        switch reason {
        case .addressInUse: "another process has the port; choose another with listen or management in writ.yaml"
        case .permissionDenied: "ports below 1024 are for root; choose another, or grant CAP_NET_BIND_SERVICE"
        default: nil
        }
    }
}
