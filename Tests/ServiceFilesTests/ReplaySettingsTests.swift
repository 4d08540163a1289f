import AccessToken
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

/// `replay` of `writ.yaml`.
@Suite struct ReplaySettingsTests {
    private func configuration(
        _ text: String, _ environment: [String: String] = [:], in folder: TemporaryFolder? = nil
    ) throws -> ServiceConfiguration {
        let folder = try folder ?? TemporaryFolder()
        try folder.write("issuer: http://localhost\n\(text)\n", to: "writ.yaml")
        return try ServiceConfiguration(reading: FilePath(folder.path("writ.yaml")), environment: environment)
    }

    private func problems(_ text: String, _ environment: [String: String] = [:]) -> [String] {
        do { _ = try configuration(text, environment) } catch let error as InvalidConfiguration {
            return error.problems.map { "\($0.place.line.map(String.init) ?? "\($0.place)"): \($0.message)" }
        } catch {}
        return []
    }

    @Test("Each replica remembers for itself unless a store is named", arguments: ["", "replay: memory", "replay: ~"])
    func memory(text: String) throws {
        #expect(try configuration(text).replay == nil)
    }

    @Test("A store has a URL, and whatever else is said of it")
    func store() throws {
        let folder = try TemporaryFolder()
        let short = try #require(configuration("replay: { url: \"valkey://127.0.0.1\" }", in: folder).replay)
        #expect(short == ReplaySettings(url: try StoreURL("valkey://127.0.0.1")))
        #expect(
            (short.url.host, short.url.port, short.url.database, short.url.isSecure) == ("127.0.0.1", 6379, 0, false))
        #expect(short.wait == .milliseconds(500))
        let text = """
            replay:
              url: rediss://store.example.com:6380/3
              username: writ
              password_file: store.password
              ca_file: /etc/ca.pem
              wait: 2s
            """
        let configuration = try configuration(text, in: folder)
        let long = try #require(configuration.replay)
        #expect((long.url.host, long.url.port, long.url.database) == ("store.example.com", 6380, 3))
        #expect(long.url.isSecure && long.username == "writ" && long.wait == .seconds(2))
        #expect(long.files.map(\.string) == [folder.path("store.password"), "/etc/ca.pem"])
        #expect(Set(configuration.decidingFiles).isSuperset(of: long.files))
        #expect(configuration.warnings.isEmpty)
    }

    @Test(
        "The schemes of both servers, with and without TLS; hosts by name and address",
        arguments: [
            ("valkey://a", "a", 6379, 0, false), ("redis://localhost:1/", "localhost", 1, 0, false),
            ("VALKEYS://A.example:6379/0", "a.example", 6379, 0, true), ("rediss://[::1]:7/15", "::1", 7, 15, true),
            ("valkeys://10.0.0.1/9999", "10.0.0.1", 6379, 9999, true),
        ])
    func urls(text: String, host: String, port: Int, database: Int, isSecure: Bool) throws {
        let url = try StoreURL(text)
        #expect((url.host, url.port, url.database, url.isSecure) == (host, port, database, isSecure))
        #expect(url.description == text)
    }

    @Test(
        "A URL that is none of a store, or holds more than that, is refused with its line",
        arguments: [
            ("https://a", "is neither valkeys nor valkey, rediss nor redis"), ("unix:/run/a", "is neither valkeys"),
            ("valkey://user:secret@a", "has user information before its host"), ("valkey:a", "names no host"),
            ("valkey://a?db=1", "has a query or a fragment"), ("valkey://a#1", "has a query or a fragment"),
            ("valkey://a/x", "has a path that is not the number of a database"), ("valkey://a/-1", "has a path"),
            ("valkey://a/10000", "has a path"), ("valkey://a/1/", "has a path"), ("valkey://a//1", "has a path"),
            ("valkey://a:0", "has a port that is not"), ("valkey://a:65536", "has a port"),
            ("localhost:6379", "is neither"),
            ("valkey://\u{212A}", "has a character that no URI may have"), ("valkey://a%41", "has no usable host name"),
        ])
    func badURLs(text: String, message: String) {
        let found = problems("replay:\n  url: \"\(text)\"")
        #expect(found.count == 1 && found[0].hasPrefix("3: replay.url \(message)"), "\(found)")
        #expect(!"\(found)".contains("secret"))
    }

    @Test(
        "What does not go together, or is out of range, is refused",
        arguments: [
            ("replay: valkeys://a", ["2: replay is neither memory nor a store with its url"]),
            ("replay: { password_file: a }", ["2: replay.password_file comes without replay.url"]),
            (
                "replay: { wait: 1s, ca_file: a }",
                [
                    "2: replay.ca_file comes without replay.url", "2: replay.wait comes without replay.url",
                ]
            ),
            (
                "replay: { url: \"valkeys://a\", username: writ }",
                ["2: replay.username comes without replay.password_file"]
            ),
            (
                "replay: { url: \"valkeys://a\", username: \"a b\", password_file: p }",
                [
                    "2: replay.username is not a name of visible ASCII without blanks"
                ]
            ),
            ("replay: { url: \"valkeys://a\", password_file: '' }", ["2: replay.password_file is empty"]),
            (
                "replay: { url: \"valkey://a\", ca_file: ca.pem }",
                ["2: replay.ca_file is set, but replay.url is without TLS"]
            ),
            ("replay: { url: \"valkeys://a\", wait: 9ms }", ["2: replay.wait is not between 10ms and 10s"]),
            ("replay: { url: \"valkeys://a\", wait: 11s }", ["2: replay.wait is not between 10ms and 10s"]),
            ("replay: { url: \"valkeys://a\", password: secret }", ["2: unknown key replay.password"]),
        ])
    func refused(text: String, messages: [String]) {
        #expect(problems(text).sorted() == messages)
    }

    @Test("Variables override the file, in both directions")
    func variables() throws {
        let file = "replay: { url: \"valkeys://a\" }"
        #expect(try configuration(file, ["WRIT_REPLAY": "memory"]).replay == nil)
        #expect(try configuration("replay: memory", ["WRIT_REPLAY_URL": "rediss://b"]).replay?.url.host == "b")
        let environment = [
            "WRIT_REPLAY_URL": "valkeys://b/1", "WRIT_REPLAY_USERNAME": "u", "WRIT_REPLAY_PASSWORD_FILE": "p",
            "WRIT_REPLAY_CA_FILE": "c", "WRIT_REPLAY_WAIT": "100ms",
        ]
        #expect(
            try configuration(file, environment).replay
                == ReplaySettings(
                    url: StoreURL("valkeys://b/1"), username: "u", passwordFile: "p", caFile: "c",
                    wait: .milliseconds(100)))
        #expect(
            problems("replay: memory", ["WRIT_REPLAY": "x"]) == [
                "WRIT_REPLAY: replay is neither memory nor a store with its url"
            ])
        #expect(
            problems("", ["WRIT_REPLAY": "memory", "WRIT_REPLAY_URL": "valkeys://b"])
                == ["WRIT_REPLAY: replay is set together with replay.url; only one of them is allowed"])
    }

    @Test(
        "Without TLS a store on another machine is a warning; the password travels in clear",
        arguments: [
            ("valkey://store.example.com", true), ("redis://10.0.0.1", true), ("valkey://127.0.0.1", false),
            ("redis://localhost:1", false), ("valkey://[::1]", false), ("valkeys://store.example.com", false),
        ])
    func clearText(url: String, isWarned: Bool) throws {
        for (more, what) in [
            ("", "who is on the way can answer"), (", password_file: p", "the password travels in clear"),
        ] {
            let warnings = try configuration("replay: { url: \"\(url)\"\(more) }").warnings
            #expect(warnings.count == (isWarned ? 1 : 0))
            #expect(warnings.allSatisfy { $0.message.contains(what) && $0.place.line == 2 && $0.hint != nil })
        }
    }

    @Test("A password is one line of a file that no other user can read")
    func passwordFile() throws {
        let folder = try TemporaryFolder()
        func password(_ contents: String, mode: Int = 0o600) throws -> String? {
            try folder.write(contents, to: "password", permissions: mode)
            let configuration = try configuration(
                "replay: { url: \"valkeys://a\", password_file: password }", in: folder)
            let problems = configuration.storePasswordProblems
            #expect(configuration.connectionFileProblems == problems)
            let password = try? configuration.storePassword?.password()
            #expect((password == nil) == !problems.isEmpty)
            return password
        }
        #expect(try password("secret\n") == "secret")
        #expect(try password("\u{FEFF}sec ret\r\n") == "sec ret")
        #expect(try password("") == nil)
        #expect(try password("\n") == nil)
        #expect(try password("a\nb\n") == nil)
        #expect(try password("secret", mode: 0o640) == nil)
        let absent = try configuration("replay: { url: \"valkeys://a\", password_file: none }", in: folder)
        #expect(absent.storePasswordProblems.allSatisfy { $0.message.hasPrefix("cannot be read") })
        #expect(absent.storePasswordProblems.count == 1)
    }

    @Test("The store's own authorities come before those of ca_file, which are for all servers")
    func authorities() throws {
        let folder = try TemporaryFolder()
        for name in ["own", "all"] { try folder.write(name, to: name) }
        func contents(_ text: String) throws -> String? {
            try configuration(text, in: folder).storeAuthorities.map {
                String(decoding: try $0.contents(), as: UTF8.self)
            }
        }
        #expect(try contents("replay: { url: \"valkeys://a\", ca_file: own }\nca_file: all") == "own")
        #expect(try contents("replay: { url: \"valkeys://a\" }\nca_file: all") == "all")
        #expect(try contents("replay: { url: \"valkeys://a\" }") == nil)
        #expect(try contents("replay: { url: \"valkey://localhost\" }\nca_file: all") == nil)
    }
}
