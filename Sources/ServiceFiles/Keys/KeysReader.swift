import Libcrypto
import OAuth
import SystemPackage

/// Reads one file of the folder after the other.
struct KeysReader {
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

    /// The files whose keys are known first: of two that exclude each other, the one that was there stays.
    func inOrder(_ names: [String]) -> [String] {
        let known = Set((formerSigning.keys.map(\.description) + formerSealing.keys.map(\.description)))
        return names.filter(known.contains) + names.filter { !known.contains($0) }
    }

    mutating func read(_ name: KeyFileName) {
        let former = formerSigning[name]
        let (folder, passphrase) = (folder, passphrase)
        let isOpened = opensAll || hasNewPassphrase
        guard let key = key(name, former, isOpened, \.signingProblems, { try folder.open(name, passphrase) }) else {
            reading.missing.append(name)
            return
        }
        guard let other = reading.signing.first(where: { $0.excludes(key) }) else {
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
        let stamp = KeyFileStamp(name, in: folder.path)
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
        let signing = Dictionary(grouping: reading.signing.filter(\.name.content.signs), by: \.algorithm)
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
