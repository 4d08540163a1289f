import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

/// New files, on file systems that lack a way to give a file its name.
@Suite struct DurableFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let noLinks: [Errno] = [.notPermitted, .notSupported, .noFunction, .tooManyLinks]
    private static let noExclusiveRename: [Errno] = [.invalidArgument, .noFunction]

    private func file(link: Errno?, rename: Errno?) -> DurableFile {
        var naming = NamingCalls.system
        if let link { naming.link = { (_, _) throws(Errno) in throw link } }
        if let rename { naming.renameWithoutReplacing = { (_, _) throws(Errno) in throw rename } }
        return DurableFile(path: FilePath(folder.path("file")), naming: naming)
    }

    private var names: [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder.path("")).sorted()) ?? []
    }

    private func checkCreation(_ file: DurableFile) throws {
        try file.create("first")
        #expect(try folder.read("file") == "first")
        #expect(try file.path.stat().permissions == .ownerReadWrite)
        #expect(throws: Errno.fileExists) { try file.create("second") }
        #expect(try folder.read("file") == "first")
        #expect(names == ["file"])
    }

    @Test("A new file never replaces another one, with hard links and without", arguments: [nil] + noLinks)
    func withoutHardLinks(link: Errno?) throws {
        try checkCreation(file(link: link, rename: nil))
    }

    @Test(
        "A file system without hard links that cannot rename exclusively gets new files too",
        arguments: noExclusiveRename)
    func withoutExclusiveRename(rename: Errno) throws {
        try checkCreation(file(link: .notPermitted, rename: rename))
    }

    @Test("An error that is not a lack of hard links leaves no file", arguments: [Errno.noSpace, .ioError])
    func otherErrors(error: Errno) throws {
        #expect(throws: error) { try file(link: error, rename: nil).create("first") }
        #expect(throws: error) { try file(link: .notPermitted, rename: error).create("first") }
        #expect(names.isEmpty)
    }

    @Test("A link can be replaced if the folder of the file that it points to can be written to")
    func replaceableLinks() throws {
        let real = folder.path("real")
        try FileManager.default.createDirectory(atPath: real, withIntermediateDirectories: false)
        try folder.write("", to: "real/file")
        try FileManager.default.createSymbolicLink(atPath: folder.path("link"), withDestinationPath: "real/file")
        for name in ["link", "real/file", "real/new"] {
            let path = FilePath(folder.path(name))
            #expect(DurableFile.canReplace(path))
            #expect(DurableFile.canReplace(path) { $0.hasSuffix("/real") })
        }
        #expect(!DurableFile.canReplace(FilePath(folder.path("file"))) { $0.hasSuffix("/real") })
    }
}
