import AccessToken
import LiveState
import Logging
import OAuth
import ServiceFiles
import ServiceLifecycle

/// Makes the next keys when they are due: `keys_rotation` of the configuration.
///
/// Any number of replicas may share one folder: they compute the same file name, and one of them creates the file.
struct RotationService: Service {
    let chains: [KeyChain]
    let plan: RotationPlan
    let lifetimes: @Sendable () -> TokenLifetimes
    let logger: Logger

    /// The interval between checks. It is short enough, because an announcement lasts for minutes at least.
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
