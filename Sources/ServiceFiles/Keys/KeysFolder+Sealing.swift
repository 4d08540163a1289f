import Foundation
import Libcrypto
import OAuth
import SystemPackage

extension KeysFolder {
    /// The keys for refresh tokens, in the order in which they begin.
    ///
    /// - Throws: the problems of all files at once. Malformed file names are reported by ``load()``.
    package func loadSealing() throws(InvalidConfiguration) -> [LoadedSealingKey] {
        var problems: [Problem] = []
        var keys: [LoadedSealingKey] = []
        for fileName in try fileNames() {
            guard let name = try? KeyFileName(fileName), name.content == .sealing else { continue }
            let place = Problem.Place.file(path.appending(fileName).string, line: nil)
            do {
                let key = try readSealing(name)
                if let other = keys.first(where: { $0.key.keyID == key.key.keyID }) {
                    problems.append(Problem(place, "is the same key as \(other.name)"))
                } else {
                    keys.append(key)
                }
            } catch {
                problems.append(problem(with: fileName, error))
            }
        }
        problems += untimedTwice(keys.map(\.name))
        guard problems.isEmpty else { throw InvalidConfiguration(problems) }
        return keys.sorted { $0.name < $1.name }
    }

    private func readSealing(_ name: KeyFileName) throws -> LoadedSealingKey {
        let contents = try KeyFile.contents(of: path.appending(name.description), isSecret: true)
        guard let key = try SealingKeyText.decode(contents) else { throw KeyFileError.noSealingKey }
        return LoadedSealingKey(name: name, key: try SealingKey(key))
    }
}
