import AccessToken
import LiveState
import Logging
import OAuth
import ServiceFiles
import ServiceLifecycle

/// Makes the next keys when their time comes, `keys_rotation` of the configuration.
///
/// Any number of replicas may do so on one folder: they come to the same file name, and one of them creates it.
struct RotationService: Service {
    let chains: [KeyChain]
    let plan: RotationPlan
    let lifetimes: @Sendable () -> TokenLifetimes
    let logger: Logger

    /// Announcements last for minutes at least, so that there is time.
    private static let interval: Duration = .seconds(60)

    func run() async {
        await cancelWhenGracefulShutdown {
            var rotations = chains.map { AutomaticRotation(of: $0, plan: plan, logger: logger) }
            repeat {
                for index in rotations.indices {
                    rotations[index].step(lifetimes: lifetimes(), now: .now, uptime: .now)
                }
            } while (try? await Task.sleep(for: Self.interval)) != nil
        }
    }
}
