import Foundation
import JOSE
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

/// Who can write what decides.
@Suite struct FileTrustTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(
        "What others can write to is not trusted",
        arguments: [
            (0, 0o644, FileTrust.trusted), (1000, 0o600, .trusted), (1000, 0o444, .trusted), (0, 0o755, .trusted),
            (1000, 0o664, .groupWritable), (0, 0o775, .groupWritable), (0, 0o602, .worldWritable),
            (1000, 0o666, .worldWritable), (0, 0o777, .worldWritable), (0, 0o1777, .worldWritable),
            (1001, 0o644, .foreign(owner: 1001)), (1001, 0o666, .worldWritable),
        ] as [(UInt32, CInterop.Mode, FileTrust)])
    func whoMayWrite(owner: UInt32, mode: CInterop.Mode, expected: FileTrust) {
        func trust(isReadOnly: Bool) -> FileTrust {
            FileTrust(
                owner: owner, permissions: FilePermissions(rawValue: mode), owners: .rootAndOwn, user: 1000,
                isReadOnly: isReadOnly)
        }
        #expect(trust(isReadOnly: false) == expected)
        // Kubernetes mounts Secrets and ConfigMaps read-only, in folders of mode 1777.
        #expect(trust(isReadOnly: true) == .trusted)
    }

    @Test("A command accepts the files of any user, since root may run it for a service of another user")
    func aCommandAcceptsOtherOwners() {
        let trust = FileTrust(
            owner: 1001, permissions: .ownerReadWrite, owners: .any, user: 0, isReadOnly: false)
        #expect(trust == .trusted)
    }

    private func open(_ name: String) -> Problem? {
        do {
            try TrustedFile.open(FilePath(folder.path(name)), .service).close()
            return nil
        } catch let error as UntrustedFile {
            return error.problem
        } catch {
            return Problem(.option("?"), "\(error)")
        }
    }

    private func makeFolder(_ name: String, mode: Int) throws {
        try FileManager.default.createDirectory(atPath: folder.path(name), withIntermediateDirectories: true)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: folder.path(name))
    }

    @Test("A file that every user can write to is refused, with the command that mends it")
    func aWorldWritableFileIsRefused() throws {
        try folder.write("x", to: "file", permissions: 0o666)
        let problem = open("file")
        #expect(problem?.message == "can be changed by every user of this machine")
        #expect(problem?.hint == "chmod o-w \(folder.path("file"))")
        try folder.write("x", to: "file", permissions: 0o664)
        #expect(open("file") == nil)
    }

    @Test("A file in a folder that every user can write to is refused, unless the folder is sticky")
    func aWorldWritableFolderIsRefused() throws {
        try makeFolder("open", mode: 0o777)
        try folder.write("x", to: "open/file")
        #expect(open("open/file")?.place == .file(folder.path("open"), line: nil))
        try makeFolder("open", mode: 0o1777)
        #expect(open("open/file") == nil)
    }

    @Test("A keys folder that every user can write to is refused, sticky or not", arguments: [0o777, 0o1777])
    func aWorldWritableKeysFolderIsRefused(mode: Int) throws {
        try makeFolder("keys", mode: mode)
        let keys = KeysFolder(FilePath(folder.path("keys")), algorithm: .rs256, access: .service)
        let error = #expect(throws: InvalidConfiguration.self) { try keys.load() }
        #expect(error?.problems.map(\.message) == ["can be changed by every user of this machine"])
    }

    @Test("In a sticky folder, a file of another user is refused, by a command too", .enabled(if: getuid() == 0))
    func aForeignFileInAStickyFolder() throws {
        try makeFolder("open", mode: 0o1777)
        try folder.write("x", to: "open/file")
        try FileManager.default.setAttributes([.ownerAccountID: 65534], ofItemAtPath: folder.path("open/file"))
        for access in [FileAccess.service, .command()] {
            #expect(throws: UntrustedFile.self) {
                try TrustedFile.open(FilePath(folder.path("open/file")), access).close()
            }
        }
    }

    @Test("A file is refused if a link on the way to it is in a folder that every user can write to")
    func aLinkInAnOpenFolderIsRefused() throws {
        try folder.write("x", to: "file")
        try makeFolder("open", mode: 0o777)
        let files = FileManager.default
        try files.createSymbolicLink(atPath: folder.path("open/link"), withDestinationPath: "../file")
        try files.createSymbolicLink(atPath: folder.path("link"), withDestinationPath: "open/link")
        #expect(open("link")?.place == .file(folder.path("open"), line: nil))
        try makeFolder("open", mode: 0o755)
        #expect(open("link") == nil)
    }

    @Test("A named pipe is refused in a folder that every user can write to, before its writer is waited for")
    func aNamedPipeInAnOpenFolder() throws {
        try makeFolder("open", mode: 0o777)
        #expect(unsafe mkfifo(folder.path("open/pipe"), 0o600) == 0)
        let path = FilePath(folder.path("open/pipe"))
        #expect(throws: UntrustedFile.self) { try TrustedFile.open(path, .service, mayBePipe: true).close() }
        try makeFolder("open", mode: 0o755)
        #expect(unsafe chmod(folder.path("open/pipe"), 0o622) == 0)
        #expect(throws: UntrustedFile.self) { try TrustedFile.open(path, .service).close() }
        #expect(unsafe chmod(folder.path("open/pipe"), 0o600) == 0)
        try TrustedFile.open(path, .service).close()
    }

    @Test("A pipe of the shell and /dev/null are no files that other users can change")
    func pipesOfTheShell() throws {
        try TrustedFile.open("/dev/null", .service).close()
        let pipe = Pipe()
        let path = FilePath("/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)")
        try TrustedFile.open(path, .service).close()
    }

    @Test("A keys folder is refused if every user can put another in its place, or can change a link to it")
    func anExchangeableKeysFolder() throws {
        try makeFolder("open", mode: 0o777)
        try makeFolder("open/keys", mode: 0o700)
        let files = FileManager.default
        try files.createSymbolicLink(atPath: folder.path("link"), withDestinationPath: "open/keys")
        for name in ["open/keys", "link"] {
            let keys = KeysFolder(FilePath(folder.path(name)), algorithm: .rs256, access: .service)
            let error = #expect(throws: InvalidConfiguration.self) { try keys.load() }
            #expect(error?.problems.map(\.place) == [.file(folder.path("open"), line: nil)])
        }
        try makeFolder("open", mode: 0o1777)
        #expect(try KeysFolder(FilePath(folder.path("link")), algorithm: .rs256, access: .service).load().isEmpty)
    }

    @Test("The mode of a secret that a container's runtime has mounted is mended at the mount")
    func secretsOfContainers() {
        let problem = KeyFile.problem(with: "/run/secrets/passphrase", KeyFileError.readableByOthers)
        #expect(problem.hint?.contains("`mode: 0400`") == true && problem.hint?.contains("chmod") == false)
        let other = KeyFile.problem(with: "/run/secret", KeyFileError.readableByOthers)
        #expect(other.hint == "chmod 600 /run/secret")
    }

    @Test("What a group can write to is a warning")
    func aGroupIsAWarning() throws {
        try folder.write("x", to: "file", permissions: 0o664)
        try folder.write("x", to: "other", permissions: 0o644)
        let warnings = TrustedFile.warnings(about: ["file", "other", "none"].map { FilePath(folder.path($0)) })
        #expect(warnings.map(\.place) == [.file(folder.path("file"), line: nil)])
    }

    @Test("A new folder has the permissions that it was made with")
    func aFolderIsMadeWithItsPermissions() throws {
        let path = FilePath(folder.path("above/keys"))
        try path.createFolder(.ownerReadWriteExecute)
        try path.createFolder(.ownerReadWriteExecute)
        #expect(try path.stat().permissions == .ownerReadWriteExecute)
        #expect(try path.folder.stat().permissions.isDisjoint(with: [.groupWrite, .otherWrite]))
        try folder.write("x", to: "file")
        #expect(throws: Errno.fileExists) { try FilePath(folder.path("file")).createFolder(.ownerReadWriteExecute) }
    }

    @Test(
        "Configuration, clients, keys, public keys and passphrase that every user can write to are refused",
        arguments: ["writ.yaml", "clients.yaml", "keys/a.pub.pem", "keys/a.sealing", "passphrase"])
    func whateverDecidesIsChecked(name: String) throws {
        try makeFolder("keys", mode: 0o700)
        try folder.write("issuer: https://a.example\ntls: terminated-upstream\nclients: []\n", to: name)
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: folder.path(name))
        let path = FilePath(folder.path(name))
        let keys = KeysFolder(
            FilePath(folder.path("keys")), algorithm: .rs256, passphraseFile: name == "passphrase" ? path : nil,
            access: .service)
        var problems: [Problem] = []
        InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in
            switch name {
            case "writ.yaml": _ = try ServiceConfiguration(reading: path, environment: [:], access: .service)
            case "clients.yaml": _ = try ClientsFile(parsing: path, .service)
            case "keys/a.sealing": _ = try keys.loadSealing()
            default: _ = try keys.load()
            }
        }
        let secret = "holds a secret that other users can read"
        let isSecret = name.hasSuffix("sealing") || name == "passphrase"
        #expect(problems.map(\.message) == [isSecret ? secret : "can be changed by every user of this machine"])
    }

    @Test("If permission to read is missing, the hint names the user of the service")
    func namesAnotherUser() {
        let denied = Problem(unreadable: "/var/lib/writ/keys", Errno.permissionDenied)
        #expect(denied.message == "cannot be read: permission denied")
        #expect(denied.hint?.contains("sudo -u writ") == true)
        #expect(Problem(unreadable: "keys", Errno.ioError).hint == nil)
    }

    @Test(
        "The folder that holds a file is what stands in front of its name",
        arguments: [
            ("/a/b", "/a"), ("/a/", "/"), ("/", "/"), ("a/b/", "a"), ("a", "."), ("../a", ".."), ("", "."),
            ("ü/ö", "ü"),
        ] as [(FilePath, FilePath)])
    func folderOfAFile(path: FilePath, folder: FilePath) {
        #expect(path.folder == folder)
    }

    @Test("The folder that holds a file is found if a name is no text")
    func folderOfAFileWhoseNameIsNoText() {
        let (folder, name): (CChar, CChar) = (-1, -2)
        #expect(
            FilePath(platformString: [folder, 47, name, 0]).folder == FilePath(platformString: [folder, 0]))
        #expect(FilePath(platformString: [name, 0]).folder == ".")
    }
}
