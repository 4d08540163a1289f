import AccessToken
import Foundation
import Libcrypto
import OAuth
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

/// `pkcs11`, `vault` and `remote_keys` of `writ.yaml`.
@Suite struct KeyPlacesSettingsTests {
    private func configuration(_ text: String, in folder: TemporaryFolder? = nil) throws -> ServiceConfiguration {
        let folder = try folder ?? TemporaryFolder()
        try folder.write("issuer: http://localhost\n\(text)\n", to: "writ.yaml")
        return try ServiceConfiguration(reading: FilePath(folder.path("writ.yaml")), environment: [:])
    }

    private func problems(_ text: String) -> [String] {
        do { _ = try configuration(text) } catch let error as InvalidConfiguration {
            return error.problems.map(\.message)
        } catch {}
        return []
    }

    @Test("Without settings there is no place, and what is said of all places has its defaults")
    func defaults() throws {
        let places = try configuration("").keyPlaces
        #expect(places == KeyPlacesSettings())
        #expect(places.places.isEmpty)
        #expect((places.inFlight, places.wait, places.startsWithout) == (64, .seconds(2), false))
    }

    @Test("Each place has its settings, with paths relative to the file")
    func places() throws {
        let folder = try TemporaryFolder()
        let text = """
            pkcs11: { module: /usr/lib/module.so, pin_file: pin }
            vault: { kubernetes_role: writ, ca_file: ca.pem, namespace: team-a }
            remote_keys: { in_flight: 8, wait: 500ms, start_without: true }
            """
        let configuration = try configuration(text, in: folder)
        let places = configuration.keyPlaces
        #expect(places.places == [.pkcs11, .vault])
        #expect(places.pkcs11?.module == "/usr/lib/module.so")
        #expect(places.pkcs11?.pinFile?.string == folder.path("pin"))
        let vault = try #require(places.vault)
        #expect((vault.tokenFile, vault.kubernetesRole, vault.kubernetesMount) == (nil, "writ", "kubernetes"))
        #expect(vault.kubernetesTokenFile?.string.hasPrefix("/var/run/secrets/") == true)
        #expect((vault.caFile?.string, vault.namespace) == (folder.path("ca.pem"), "team-a"))
        #expect((places.inFlight, places.wait, places.startsWithout) == (8, .milliseconds(500), true))
        // A token that is replaced all the time is no reason to read the configuration again.
        #expect(!configuration.connectionFiles.contains { $0.string.hasPrefix("/var/run/secrets/") })
    }

    @Test(
        "What does not go together is refused",
        arguments: [
            ("pkcs11: { pin_file: pin }", "comes without pkcs11.module"),
            ("vault: { token_file: t, kubernetes_role: r }", "is set together with vault.token_file"),
            ("vault: { ca_file: c }", "comes without vault.token_file and vault.kubernetes_role"),
            ("vault: { namespace: n }", "comes without vault.token_file and vault.kubernetes_role"),
            ("vault: { token_file: t, kubernetes_token_file: k }", "comes without vault.kubernetes_role"),
            ("vault: { token_file: t, kubernetes_mount: k }", "comes without vault.kubernetes_role"),
            ("vault: { kubernetes_role: r, kubernetes_mount: ../k }", "is no path such as kubernetes"),
            ("vault: { token_file: t, namespace: \"a b\" }", "is not a name of visible ASCII"),
            ("vault: { token_file: t, namespace: \"\u{212A}\" }", "is not a name of visible ASCII"),
            ("remote_keys: { in_flight: 0 }", "is not a number from 1 to 256"),
            ("remote_keys: { in_flight: 257 }", "is not a number from 1 to 256"),
            ("remote_keys: { wait: 11s }", "is not between 10ms and 10s"),
        ])
    func refused(text: String, message: String) {
        let problems = problems(text)
        #expect(problems.count == 1)
        #expect(problems.first?.contains(message) == true, "\(problems)")
    }

    @Test("A module that others can change is a problem, and so is a PIN that they can read or that is no line")
    func files() throws {
        let folder = try TemporaryFolder()
        let configuration = try configuration("pkcs11: { module: module.so, pin_file: pin }", in: folder)
        #expect(configuration.keyPlaceProblems.count == 2)
        try folder.write("module", to: "module.so")
        try folder.write("1234\n", to: "pin")
        #expect(configuration.keyPlaceProblems.isEmpty)
        #expect(try configuration.pin()?.withBytes { $0.count } == 4)
        try folder.write("12\n34\n", to: "pin")
        #expect(
            configuration.keyPlaceProblems.map(\.message) == ["is not a secret of one line without a byte order mark"])
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: folder.path("pin"))
        #expect(configuration.keyPlaceProblems.map(\.message) == [KeyFileError.readableByOthers.description])
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: folder.path("module.so"))
        #expect(configuration.moduleProblems.count == 1)
    }
}
