package import AccessToken
import Logging
import OAuth
package import ServiceFiles
import SystemPackage

/// What the last reload found, for metrics.
package struct ReloadStatus: Sendable {
    /// The time of the reload.
    package let time: NumericDate
    /// How many problems each part has.
    package let problemCounts: [StatePart: Int]
    /// The first problems of each part that has any.
    package let firstProblems: [StatePart: [Problem]]
    /// How many entries of the clients file do not check. They keep their last form, or are out.
    package let refusedClientCount: Int

    /// Whether everything that was read is in use.
    package var isApplied: Bool { problemCounts.values.allSatisfy { $0 == 0 } }

    /// The most of ``firstProblems`` that one part has.
    static let mostProblems = 20

    init(_ state: Reloader.State, at time: NumericDate) {
        self.time = time
        var counts = state.parts.mapValues(\.problems.count)
        // Without a key that signs, the keys are not in use as they were read.
        counts[.keys, default: 0] += state.scheduleProblems.count
        problemCounts = counts
        var problems = state.parts.mapValues { Array($0.problems.prefix(Self.mostProblems)) }
        problems[.keys] = Array(((problems[.keys] ?? []) + state.scheduleProblems).prefix(Self.mostProblems))
        firstProblems = problems.filter { !$0.value.isEmpty }
        refusedClientCount = state.loader.refusedClientCount
    }
}

/// Logs problems with files.
enum ProblemLog {
    /// The most problems that one reload logs: each of a hundred thousand entries may contain a mistake.
    private static let most = 100

    static func add(_ problems: [Problem], _ outcome: String, to logger: Logger) {
        for problem in problems.prefix(most) { logger.error("\(outcome): \(problem)") }
        let others = problems.count - most
        if others > 0 { logger.error("\(outcome): \(others) more problems; `writ config check` lists them") }
    }

    static func warn(_ warnings: [Problem], to logger: Logger) {
        for warning in warnings.prefix(most) { logger.warning("\(warning)") }
        let others = warnings.count - most
        if others > 0 { logger.warning("\(others) more warnings; `writ config check` lists them") }
    }
}

/// Logs what a changed configuration does not do: settings that need a restart, and warnings. Each is logged once.
struct SettingsLog: Sendable {
    private var needingRestart: [String] = []
    private var warnings: Set<Problem> = []

    /// - Parameters:
    ///   - new: the configuration as it was just read.
    ///   - old: the configuration that the service was started with.
    mutating func add(_ new: ServiceConfiguration, at old: ServiceConfiguration, _ logger: Logger) {
        let names = old.changesNeedingRestart(new)
        if !names.isEmpty, names != needingRestart {
            logger.warning(
                "Changed settings take effect with a restart only",
                metadata: ["settings": "\(names.joined(separator: ", "))"])
        }
        needingRestart = names
        for warning in new.warnings where !old.warnings.contains(warning) { warn(of: warning, logger) }
    }

    /// Logs the files that a group can change.
    mutating func warn(_ loader: SnapshotLoader, _ logger: Logger) {
        let clients = loader.clientsReading?.clients ?? []
        let issuers = loader.issuersReading ?? .empty
        let configuration = loader.configuration
        for warning in configuration.trustWarnings(clients, issuers) + configuration.revocationWarnings {
            warn(of: warning, logger)
        }
    }

    private mutating func warn(of warning: Problem, _ logger: Logger) {
        guard warnings.insert(warning).inserted else { return }
        logger.warning("\(warning)")
    }
}
