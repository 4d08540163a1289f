import Foundation
import JOSE
import Libcrypto
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

/// The files of a client's secret and of a passphrase.
@Suite struct SecretFilesTests {
    private let folder: TemporaryFolder
    private var path: FilePath { FilePath(folder.path("secret")) }

    init() throws { folder = try TemporaryFolder() }

    private func problem<Value>(_ body: () throws(InvalidConfiguration) -> Value) -> Problem? {
        do throws(InvalidConfiguration) {
            _ = try body()
            return nil
        } catch {
            return error.problems.first
        }
    }

    @Test(
        "A client's secret is read without a byte order mark and without line ends",
        arguments: ["s3cret", "s3cret\n", "s3cret\r\n", "\u{FEFF}s3cret\r\n", "s3cret\n\n", "s3cret\r"])
    func readsASecret(text: String) throws {
        try folder.write(text, to: "secret")
        #expect(try SecretFile.read(path) == "s3cret")
    }

    @Test(
        "A file without a secret, or with more than one line, is refused without its contents",
        arguments: [
            "", "\n", "\u{FEFF}", "s3cret\nother", "s3cret\rother", "s3cret\u{85}", "s3\u{2028}cret", "s3\u{2029}",
        ])
    func refusesOtherContents(text: String) throws {
        try folder.write(text, to: "secret")
        let problem = problem { () throws(InvalidConfiguration) in try SecretFile.read(path) }
        #expect(problem?.place == .file(path.string, line: nil))
        #expect(problem?.description.contains("s3") == false)
    }

    @Test("A secret that others can read is refused, and so is one that others can change", arguments: [0o644, 0o602])
    func refusesOpenFiles(mode: Int) throws {
        try folder.write("s3cret", to: "secret", permissions: mode)
        let problem = problem { () throws(InvalidConfiguration) in try SecretFile.read(path) }
        #expect(problem?.message == "holds a secret that other users can read")
        #expect(problem?.hint == "chmod 600 \(path)")
        try folder.write(
            String(decoding: try TestVectors.octets("keys/ed25519.pem"), as: UTF8.self), to: "key", permissions: mode)
        #expect(throws: InvalidConfiguration.self) { try PrivateKeyFile.read(FilePath(folder.path("key"))) }
    }

    @Test("A secret in a folder that every user can write to is refused")
    func refusesOpenFolders() throws {
        try folder.write("s3cret", to: "secret")
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder.path(""))
        let problem = problem { () throws(InvalidConfiguration) in try SecretFile.read(path) }
        #expect(problem?.message == "can be changed by every user of this machine")
    }

    @Test(
        "A passphrase is one line",
        arguments: [
            ("correct horse", true), ("correct horse\n", true), ("correct horse\r\n", true),
            ("correct\nhorse\n", false),
            ("correct horse\r", false), ("correct\rhorse", false), ("correct horse\u{85}", false),
            ("correct horse\u{2028}", false), ("\u{FEFF}correct horse\n", false), ("correct horse\n\n", false),
            ("corréct\thorse", true),
        ])
    func passphrases(text: String, isGood: Bool) throws {
        try folder.write(text, to: "secret")
        let keys = KeysFolder(FilePath(folder.path("keys")), algorithm: .rs256, passphraseFile: path)
        let problem = problem { () throws(InvalidConfiguration) in try keys.passphrase() }
        #expect(problem?.message == (isGood ? nil : "holds a line break or a byte order mark beside the passphrase"))
    }
}
