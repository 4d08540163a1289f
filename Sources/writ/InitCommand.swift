import AccessToken
import ArgumentParser
import JOSE
import ServiceFiles
import SystemPackage

struct InitCommand: ParsableCommand, ExemplaryCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make a working folder: configuration, one demo client and keys.")

    static let examples = ["writ init site --issuer http://127.0.0.1:8080"]

    @Argument(help: "The folder.")
    var folder = "."

    @Option(help: "The issuer identifier.")
    var issuer: String?

    @Option(help: "The address that the service listens on.")
    var listen = "127.0.0.1:8080"

    @Option(help: "The address of the management listener, or off.")
    var management = "127.0.0.1:8081"

    @Flag(help: "If the folder already has a configuration, change nothing and succeed.")
    var ifAbsent = false

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let listen = try OptionValue.parse(listen, "--listen", ListenAddress.init)
        let issuer = try OptionValue.parse(issuer ?? "http://\(self.listen)", "--issuer", Issuer.init)
        if management != "off" { _ = try OptionValue.parse(management, "--management", ListenAddress.init) }
        let contents: WorkingFolder.Contents
        do {
            contents = try WorkingFolder(FilePath(folder), .command).create(
                issuer: issuer, listen: listen, management: management)
        } catch WorkingFolderError.exists(let file) where ifAbsent && file.lastComponent == "writ.yaml" {
            Terminal.note("\(file) exists already; nothing was changed.")
            return
        }
        // Without the secret, for which the command asks: the line ends in the history of the shell.
        let curl =
            "curl --user '\(contents.client.id)' --data grant_type=client_credentials "
            + ShellWord.quoted("\(issuer.origin)\(issuer.path)/oauth2/token")
        if json { printJSON(contents, curl: curl) } else { printText(contents, curl: curl) }
    }

    private func printJSON(_ contents: WorkingFolder.Contents, curl: String) {
        var writer = JSONWriter()
        writer.object { object in
            object.member("config", contents.configuration.string)
            object.member("issuer", contents.issuer.description)
            object.member("client_id", contents.client.id.description)
            object.member("client_secret", contents.clientSecret)
            object.member("scope", contents.client.scope.description)
            object.member("resources", contents.client.resources.map(\.description))
            object.member("curl", curl)
        }
        Terminal.print(writer)
    }

    private func printText(_ contents: WorkingFolder.Contents, curl: String) {
        let key = contents.isKeyNew ? " and keys in keys/" : "; keys/ has a key already"
        Terminal.note("Wrote \(contents.configuration), clients.yaml\(key).")
        if contents.issuer.isSecure {
            Terminal.note("Before the first start, set tls in \(contents.configuration): the issuer is https.")
        }
        Terminal.print(
            """
            client_id      \(contents.client.id)
            client_secret  \(contents.clientSecret)

            The secret is not shown again. With the service running (writ serve), each of these asks for it and gets a token:

              writ token request --issuer \(ShellWord.quoted(contents.issuer.description)) --client-id \(contents.client.id)
              \(curl)
            """)
    }
}
