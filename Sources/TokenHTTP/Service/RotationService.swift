import AccessToken
import Logging
import OAuth
import ServiceLifecycle
import SystemPackage

/// Makes the next key when its time comes, `keys_rotation` of the configuration.
///
/// Any number of replicas may do so on one folder: they come to the same file name, and one of them creates it.
struct RotationService: Service {
    let keys: KeysFolder
    let plan: RotationPlan
    let longestLifetime: @Sendable () -> Duration
    let logger: Logger

    /// Announcements last for minutes at least, so that there is time.
    private static let interval: Duration = .seconds(60)

    func run() async {
        await cancelWhenGracefulShutdown {
            var hasComplained = false
            repeat {
                hasComplained = rotateIfDue(now: .now, isQuiet: hasComplained)
            } while (try? await Task.sleep(for: Self.interval)) != nil
        }
    }

    /// - Parameter isQuiet: whether a failure was told before.
    /// - Returns: whether it failed.
    func rotateIfDue(now: NumericDate, isQuiet: Bool) -> Bool {
        do {
            guard let rotation = try keys.rotateIfDue(plan, now: now, longestLifetime: longestLifetime()) else {
                return false
            }
            logger.info(
                "Rotated",
                metadata: [
                    "kid": "\(rotation.new.keyID)", "file": "\(rotation.new.name)",
                    "removed": "\(rotation.removed.map(\.description).joined(separator: " "))",
                ])
            return false
        } catch {
            if !isQuiet { logger.error("keys_rotation failed and goes on trying: \(error)") }
            return true
        }
    }
}
