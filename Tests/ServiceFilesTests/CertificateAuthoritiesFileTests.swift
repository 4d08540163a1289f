import Foundation
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

@Suite struct CertificateAuthoritiesFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func file(_ name: String) -> CertificateAuthoritiesFile {
        CertificateAuthoritiesFile(FilePath(folder.path(name)), .command())
    }

    private func error(_ name: String) -> String {
        do throws(UnusableFile) {
            _ = try file(name).contents()
            return "none"
        } catch {
            return error.description
        }
    }

    @Test("A file that decides which servers are trusted is refused if other users can change it")
    func refusesWhatOthersCanChange() throws {
        try folder.write("text", to: "ca.pem")
        #expect(try file("ca.pem").contents() == Array("text".utf8))
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: folder.path("ca.pem"))
        #expect(error("ca.pem") == "\(folder.path("ca.pem")): can be changed by every user of this machine")
    }

    @Test("A file that cannot be read is reported with its path, in one line")
    func reportsWhatCannotBeRead() throws {
        #expect(error("missing.pem").hasPrefix("\(folder.path("missing.pem")): cannot be read: "))
        try FileManager.default.createDirectory(
            atPath: folder.path("folder"), withIntermediateDirectories: false)
        #expect(error("folder") == "\(folder.path("folder")): is not a regular file")
        try folder.write(String(repeating: "x", count: 4 << 20 + 1), to: "large.pem")
        #expect(error("large.pem") == "\(folder.path("large.pem")): is larger than 4 MiB")
    }

    @Test("`ca_file` of a client is relative to the folder of the clients file", arguments: ["ca.pem", "/ca.pem"])
    func readsTheFileOfAClient(path: String) throws {
        try folder.write(
            "clients:\n  - client_id: a\n    jwks_uri: https://keys.example.com\n    ca_file: \(path)\n",
            to: "clients.yaml")
        let clients = try ClientsFile.clients(in: FilePath(folder.path("clients.yaml")))
        guard case .remote(let location) = clients.first?.keys else {
            Issue.record("the client has no URL")
            return
        }
        #expect(location.url == "https://keys.example.com")
        #expect(location.caFile == (path == "/ca.pem" ? path : folder.path("ca.pem")))
        // Sets of one URL that are trusted by different authorities are not one set.
        #expect(location != RemoteKeysLocation(url: location.url))
    }

    @Test("`ca_file` without `jwks_uri`, or an empty one, is a mistake")
    func refusesAFileWithoutAURL() throws {
        for lines in ["jwks_uri: https://a.example\n    ca_file: ''", "ca_file: ca.pem"] {
            let secret = "client_secrets: [{hash: 'sha256:\(String(repeating: "A", count: 43))'}]"
            let own = lines.hasPrefix("ca_file") ? "\(secret)\n    \(lines)" : lines
            try folder.write("clients:\n  - client_id: a\n    \(own)\n", to: "clients.yaml")
            #expect(throws: InvalidConfiguration.self) {
                try ClientsFile.clients(in: FilePath(folder.path("clients.yaml")))
            }
        }
    }
}
