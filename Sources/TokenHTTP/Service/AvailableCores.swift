import Foundation
import NIOCore

/// The cores that this process may use.
enum AvailableCores {
    /// The least of the quota of the container (cgroup v1 and v2, rounded up), its set of cores, and the affinity of the
    /// process; at least 1.
    static let count = max(1, min(System.coreCount, ProcessInfo.processInfo.activeProcessorCount))
}
