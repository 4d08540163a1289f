import AccessToken
public import SystemPackage

/// Everything that `writ serve` would refuse, found at once.
public enum ConfigurationCheck {
    /// Checks the configuration file and what it leads to: keys and clients are looked at even where the file has
    /// problems, as far as it says where they are.
    ///
    /// - Parameter triesAddresses: whether the addresses are tried too; a service that runs has them already.
    public static func run(
        _ file: FilePath, environment: [String: String], triesAddresses: Bool
    ) async throws(InvalidConfiguration) {
        var problems: [Problem] = []
        let configuration: ServiceConfiguration
        do throws(InvalidConfiguration) {
            configuration = try ServiceConfiguration(reading: file, environment: environment)
        } catch {
            problems = error.problems
            guard let reduced = ServiceConfiguration(findingFilesOf: file, environment: environment) else {
                throw error
            }
            configuration = reduced
        }
        do throws(InvalidConfiguration) {
            var loader = SnapshotLoader(configuration)
            _ = try loader.load(now: .now)
        } catch {
            problems += error.problems
        }
        for address in [configuration.listen, configuration.management].compactMap({ $0 }) where triesAddresses {
            guard let error = await address.probe() else { continue }
            problems.append(Problem(.file(file.string, line: nil), error.description, hint: error.hint))
        }
        guard problems.isEmpty else { throw InvalidConfiguration(problems) }
    }
}
