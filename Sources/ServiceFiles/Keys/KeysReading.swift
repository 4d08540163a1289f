package import AccessToken
import JOSE
import Libcrypto
package import OAuth
import SystemPackage

/// The keys of the folder, as they were read file by file: what is wrong with one file takes out no other key.
package struct KeysReading: Sendable {
    /// The keys for access tokens, in the order in which they sign.
    package internal(set) var signing: [LoadedKey] = []
    /// The keys for refresh tokens, in the order in which they seal.
    package internal(set) var sealing: [LoadedSealingKey] = []
    var signingProblems: [Problem] = []
    var sealingProblems: [Problem] = []
    /// The files that do not check and whose keys are out.
    package internal(set) var missing: [KeyFileName] = []
    /// The attributes of the files when their keys were read. A file that did not check is not among them.
    var stamps: [KeyFileName: KeyFileStamp] = [:]
    var passphraseStamp: FileStamp?

    /// Whether the key that would sign or seal at `now` by the names of the files is out, because its file does not
    /// check. A service must not start without it: it would use another key than the service that runs already.
    package func lacksKeyInForce(at now: NumericDate) -> Bool {
        let names = signing.map(\.name) + sealing.map(\.name) + missing
        return [\KeyFileName.Content.signs, \.seals].contains { hasUse in
            let due = names.filter { $0.content[keyPath: hasUse] && ($0.start.map { $0 <= now } ?? true) }
            return due.max().map(missing.contains) ?? false
        }
    }

    /// What is wrong with the files.
    package var problems: [Problem] { InvalidConfiguration(signingProblems + sealingProblems).problems }
}

extension KeysFolder {
    /// The keys that are read: those for access tokens need the passphrase.
    enum Part {
        case all
        case sealing
    }

    /// Reads the folder. A file that does not check keeps the key that it held in the former reading, if it did, and is
    /// reported. A key whose file is gone is gone.
    ///
    /// - Parameters:
    ///   - former: the last reading; `nil` if there is none.
    ///   - opensAll: whether to open also files that have not changed since the former reading.
    /// - Throws: if the folder cannot be read at all, and there is no former reading.
    package func read(
        after former: KeysReading? = nil, opensAll: Bool = false
    ) throws(InvalidConfiguration) -> KeysReading {
        try read(only: .all, after: former, opensAll: opensAll)
    }

    func read(
        only part: Part, after former: KeysReading? = nil, opensAll: Bool = false
    ) throws(InvalidConfiguration) -> KeysReading {
        let names: [String]
        do throws(InvalidConfiguration) { names = try fileNames() } catch {
            guard let former else { throw error }
            return withoutMissingFiles(former, error.problems)
        }
        var reader = KeysReader(folder: self, former: former, opensAll: opensAll)
        if part == .all { reader.readPassphrase() }
        let halves = Set(names.compactMap { (try? KeyFileName($0))?.publicHalf })
        for fileName in reader.inOrder(names) {
            do throws(InvalidValue) {
                guard let name = try KeyFileName(fileName), !halves.contains(name) else { continue }
                if name.content == .sealing { reader.readSealing(name) } else if part == .all { reader.read(name) }
            } catch {
                reader.reading.signingProblems.append(problem(with: fileName, error))
            }
        }
        reader.finish()
        return reader.reading
    }

    /// The former reading, for a folder whose files must not be used now: keys whose files are gone are gone all the
    /// same. If the folder itself is gone, as a volume that is not mounted, nothing is.
    private func withoutMissingFiles(_ former: KeysReading, _ problems: [Problem]) -> KeysReading {
        var reading = former
        reading.signingProblems = problems
        reading.sealingProblems = []
        guard (try? path.stat()) != nil else { return reading }
        func isGone(_ name: KeyFileName) -> Bool {
            do { _ = try path.appending(name.description).stat(followTargetSymlink: false) } catch {
                return error == Errno.noSuchFileOrDirectory
            }
            return false
        }
        reading.signing.removeAll { isGone($0.name) }
        reading.sealing.removeAll { isGone($0.name) }
        return reading
    }
}
