package import AccessToken
import JOSE
import Libcrypto
package import OAuth
import SystemPackage

/// The keys of the folder, as they were read file by file: what is wrong with one file takes out no other key.
package struct KeysReading: Sendable {
    /// The keys for access tokens, in the order in which they sign.
    package fileprivate(set) var signing: [LoadedKey] = []
    /// The keys for refresh tokens, in the order in which they seal.
    package fileprivate(set) var sealing: [LoadedSealingKey] = []
    fileprivate(set) var signingProblems: [Problem] = []
    fileprivate(set) var sealingProblems: [Problem] = []
    /// The files that do not check and whose keys are out.
    package fileprivate(set) var missing: [KeyFileName] = []
    /// The attributes of the files when their keys were read. A file that did not check is not among them.
    fileprivate var stamps: [KeyFileName: FileStamp] = [:]
    fileprivate var passphraseStamp: FileStamp?

    /// Whether the key that would sign or seal at `now` by the names of the files is out, because its file does not
    /// check. A service must not start without it: it would use another key than the service that runs already.
    package func lacksKeyInForce(at now: NumericDate) -> Bool {
        let names = signing.map(\.name) + sealing.map(\.name) + missing
        return [KeyFileName.Content.signing, .sealing].contains { content in
            let due = names.filter { $0.content == content && ($0.start.map { $0 <= now } ?? true) }
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
        for fileName in names {
            do throws(InvalidValue) {
                guard let name = try KeyFileName(fileName) else { continue }
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

/// Reads one file of the folder after the other.
private struct KeysReader {
    let folder: KeysFolder
    let former: KeysReading?
    let opensAll: Bool
    var reading = KeysReading()
    private var passphrase: Passphrase?
    private var lacksPassphrase = false
    private var hasNewPassphrase = false
    private let formerSigning: [KeyFileName: LoadedKey]
    private let formerSealing: [KeyFileName: LoadedSealingKey]

    init(folder: KeysFolder, former: KeysReading?, opensAll: Bool) {
        self.folder = folder
        self.former = former
        self.opensAll = opensAll
        formerSigning = Dictionary((former?.signing ?? []).map { ($0.name, $0) }) { first, _ in first }
        formerSealing = Dictionary((former?.sealing ?? []).map { ($0.name, $0) }) { first, _ in first }
    }

    mutating func readPassphrase() {
        reading.passphraseStamp = folder.passphraseFile.flatMap { FileStamp($0) }
        hasNewPassphrase = reading.passphraseStamp != former?.passphraseStamp
        do throws(InvalidConfiguration) { passphrase = try folder.passphrase() } catch {
            lacksPassphrase = true
            reading.signingProblems += error.problems
        }
    }

    mutating func read(_ name: KeyFileName) {
        let former = formerSigning[name]
        let (folder, passphrase) = (folder, passphrase)
        let isOpened = opensAll || hasNewPassphrase
        guard let key = key(name, former, isOpened, \.signingProblems, { try folder.open(name, passphrase) }) else {
            reading.missing.append(name)
            return
        }
        guard let other = reading.signing.first(where: { $0.keyID == key.keyID }) else {
            reading.signing.append(key)
            return
        }
        drop(name, "is the same key as \(other.name), or has its kid", \.signingProblems)
    }

    mutating func readSealing(_ name: KeyFileName) {
        let former = formerSealing[name]
        let folder = folder
        guard let key = key(name, former, opensAll, \.sealingProblems, { try folder.openSealing(name) }) else {
            reading.missing.append(name)
            return
        }
        guard let other = reading.sealing.first(where: { $0.key.keyID == key.key.keyID }) else {
            reading.sealing.append(key)
            return
        }
        drop(name, "is the same key as \(other.name)", \.sealingProblems)
    }

    /// The key of a file: the former one if the file has not changed or does not check.
    private mutating func key<Key>(
        _ name: KeyFileName, _ former: Key?, _ opensAll: Bool, _ problems: WritableKeyPath<KeysReading, [Problem]>,
        _ open: () throws -> Key
    ) -> Key? {
        // Taken before the file is opened, so that a change in between is noticed.
        let stamp = FileStamp(folder.path.appending(name.description))
        if !opensAll, let former, let stamp, stamp == self.former?.stamps[name] {
            reading.stamps[name] = stamp
            return former
        }
        do {
            let key = try open()
            reading.stamps[name] = stamp
            return key
        } catch {
            // Without the passphrase, which is reported, an encrypted key is no further problem.
            if !(lacksPassphrase && (error as? KeyError) == .encrypted) {
                reading[keyPath: problems].append(folder.problem(with: name.description, error))
            }
            return former
        }
    }

    private mutating func drop(
        _ name: KeyFileName, _ message: String, _ problems: WritableKeyPath<KeysReading, [Problem]>, hint: String? = nil
    ) {
        let place = Problem.Place.file(folder.path.appending(name.description).string, line: nil)
        reading[keyPath: problems].append(Problem(place, message, hint: hint))
        reading.stamps[name] = nil
    }

    mutating func finish() {
        let signing = Dictionary(grouping: reading.signing.filter { $0.name.content == .signing }, by: \.algorithm)
        for chain in signing.values {
            let dropped = dropUntimed(chain.map(\.name), formerSigning.keys, \.signingProblems)
            reading.signing.removeAll { dropped.contains($0.name) }
        }
        let dropped = dropUntimed(reading.sealing.map(\.name), formerSealing.keys, \.sealingProblems)
        reading.sealing.removeAll { dropped.contains($0.name) }
        reading.signing.sort { $0.name < $1.name }
        reading.sealing.sort { $0.name < $1.name }
    }

    /// If several keys of a chain have no start time, it is unknown which is newer: the one that was there stays, and
    /// the others are out. If none was there, all but the first by name are out, and ``KeysReading/missing`` keeps a
    /// service from starting with the wrong one.
    private mutating func dropUntimed(
        _ names: [KeyFileName], _ known: some Collection<KeyFileName>,
        _ problems: WritableKeyPath<KeysReading, [Problem]>
    ) -> [KeyFileName] {
        let untimed = names.filter { $0.start == nil }.sorted()
        guard let first = untimed.first(where: known.contains) ?? untimed.first else { return [] }
        let others = untimed.filter { $0 != first }
        for name in others {
            drop(
                name, "has no time in its name, and neither has \(first): it is not clear which is in use", problems,
                hint: "begin the name of the newer with the UTC time from which it is used: 20261123T093000Z-")
            reading.missing.append(name)
        }
        return others
    }
}
