import AccessToken
import Logging
import OAuth
import ServiceLifecycle
import SystemPackage

/// Makes the next key when its time comes, `keys_rotation` of the configuration.
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
            var complaints: [KeyChain.Purpose: String] = [:]
            repeat {
                for keys in chains {
                    complaints[keys.purpose] = rotateIfDue(keys, now: .now, after: complaints[keys.purpose])
                }
            } while (try? await Task.sleep(for: Self.interval)) != nil
        }
    }

    /// - Parameter complaint: what was told last, and is not told again.
    /// - Returns: what keeps the plan from being followed; nil where nothing does.
    func rotateIfDue(_ keys: KeyChain, now: NumericDate, after complaint: String?) -> String? {
        do {
            let longestLifetime = lifetimes()[keys.purpose]
            guard let rotation = try keys.rotateIfDue(plan, now: now, longestLifetime: longestLifetime) else {
                return try reportStall(of: keys, now: now, after: complaint)
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
    private func reportStall(of keys: KeyChain, now: NumericDate, after complaint: String?) throws -> String? {
        guard let name = try keys.stallingKey(of: plan, now: now)?.description else { return nil }
        if name != complaint {
            logger.warning("\(name) begins later than keys_rotation would make it: no key is made until then")
        }
        return name
    }
}
