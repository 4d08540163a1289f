import AccessToken
import Logging
import OAuth
import ServiceLifecycle
import SystemPackage

/// Makes the next key when its time comes, `keys_rotation` of the configuration.
///
/// Any number of replicas may do so on one folder: they come to the same file name, and one of them creates it.
struct RotationService: Service {
    let keys: KeyChain
    let plan: RotationPlan
    let longestLifetime: @Sendable () -> Duration
    let logger: Logger

    /// Announcements last for minutes at least, so that there is time.
    private static let interval: Duration = .seconds(60)

    func run() async {
        await cancelWhenGracefulShutdown {
            var complaint: String?
            repeat {
                complaint = rotateIfDue(now: .now, after: complaint)
            } while (try? await Task.sleep(for: Self.interval)) != nil
        }
    }

    /// - Parameter complaint: what was told last, and is not told again.
    /// - Returns: what keeps the plan from being followed; nil where nothing does.
    func rotateIfDue(now: NumericDate, after complaint: String?) -> String? {
        do {
            guard let rotation = try keys.rotateIfDue(plan, now: now, longestLifetime: longestLifetime()) else {
                return try reportStall(now: now, after: complaint)
            }
            logger.info(
                "Rotated",
                metadata: [
                    "kid": "\(rotation.new.keyID)", "file": "\(rotation.new.name)",
                    "removed": "\(rotation.removed.map(\.description).joined(separator: " "))",
                ])
            return nil
        } catch {
            let reason = "\(error)"
            if reason != complaint { logger.error("keys_rotation failed and goes on trying: \(reason)") }
            return reason
        }
    }

    /// A key that was made while a clock was far ahead.
    private func reportStall(now: NumericDate, after complaint: String?) throws -> String? {
        guard let name = try keys.stallingKey(of: plan, now: now)?.description else { return nil }
        if name != complaint {
            logger.warning("\(name) begins later than keys_rotation would make it: no key is made until then")
        }
        return name
    }
}
