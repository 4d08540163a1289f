import Foundation
import Glibc
import JOSE
import Libcrypto
import OAuth
import TestSupport
import Testing

@testable import PKCS11

/// A token of SoftHSM in a folder of its own.
private struct SoftHSM {
    static let module = "/usr/lib/softhsm/libsofthsm2.so"
    static let client = "/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-client.so"
    static let server = "/usr/libexec/p11-kit/p11-kit-server"

    static func isThere(_ paths: String...) -> Bool {
        paths.allSatisfy { FileManager.default.fileExists(atPath: $0) }
    }

    /// Whether script/sanitize looks for leaks: SoftHSM has some, and so has Foundation's `Process`.
    static var isCheckedForLeaks: Bool {
        let part = ProcessInfo.processInfo.environment["WRIT_CORE_ONLY"]
        return part == "memory" || part == "all"
    }

    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("directories.tokendir = \(folder.path(""))\nlog.level = ERROR\n", to: "softhsm2.conf")
        Self.setEnvironment("SOFTHSM2_CONF", folder.path("softhsm2.conf"))
        let tool = try start(
            "/usr/bin/softhsm2-util", "--init-token", "--free", "--label", "writ", "--pin", "1234", "--so-pin", "5678")
        tool.waitUntilExit()
        try #require(tool.terminationStatus == 0)
    }

    static func setEnvironment(_ name: String, _ value: String) { _ = unsafe setenv(name, value, 1) }

    func start(_ program: String, _ arguments: String..., output: Any = FileHandle.nullDevice) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    /// A server that lends the token to other processes, when it listens.
    func startServer() throws -> Process {
        let socket = folder.path("socket")
        let output = Pipe()
        let server = try start(
            Self.server, "--foreground", "--name", socket, "--provider", Self.module, "pkcs11:token=writ",
            output: output)
        // It prints its address when it listens.
        try #require(!output.fileHandleForReading.availableData.isEmpty)
        return server
    }

    /// Says to the client of p11-kit where the server will listen.
    func nameServer() { Self.setEnvironment("P11_KIT_SERVER_ADDRESS", "unix:path=\(folder.path("socket"))") }

    /// Kills a server with its child for each connection.
    func kill(_ server: Process) throws {
        let id = server.processIdentifier
        let children = try String(contentsOfFile: "/proc/\(id)/task/\(id)/children", encoding: .utf8)
        for process in [id] + children.split(separator: " ").compactMap({ Int32($0) }) { Glibc.kill(process, SIGKILL) }
        server.waitUntilExit()
        try? FileManager.default.removeItem(atPath: folder.path("socket"))
    }

    static let place = "pkcs11:token=writ"

    static func store(_ module: String) -> PKCS11Store {
        PKCS11Store(module: module, threadLimit: 4) { try TokenScene.secret("1234") }
    }

    static func sign(_ key: RemoteKey, _ algorithm: SignatureAlgorithm, _ store: PKCS11Store) async throws -> Bool {
        let signature = try await store.sign(TokenScene.message, with: key, algorithm)
        return try TokenScene.isValid(signature, key.publicKey, algorithm)
    }
}

extension TokenTests {
    @Suite(
        .enabled("SoftHSM is not installed") { SoftHSM.isThere(SoftHSM.module, "/usr/bin/softhsm2-util") },
        .disabled("SoftHSM leaks") { SoftHSM.isCheckedForLeaks })
    struct SoftHSMTests {
        @Test("SoftHSM makes keys for every algorithm that Writ offers, finds them, signs and removes them")
        func signs() async throws {
            let token = try SoftHSM()
            let store = SoftHSM.store(SoftHSM.module)
            for algorithm in SignatureAlgorithm.offered {
                let key = try await store.makeKey(at: KeyURI(SoftHSM.place), for: algorithm, named: "k-\(algorithm)")
                #expect(algorithm.accepts(key.publicKey.type))
                #expect(try await store.key(at: key.uri).publicKey.components == key.publicKey.components)
                for _ in 0..<3 { #expect(try await SoftHSM.sign(key, algorithm, store), "\(algorithm)") }
                let byLabel = try KeyURI("\(SoftHSM.place);object=k-\(algorithm)")
                #expect(try await store.key(at: byLabel).publicKey.components == key.publicKey.components)
                await store.discard(key)
                await #expect(throws: RemoteKeyError.self) { try await store.key(at: key.uri) }
            }
            await store.close()
            _ = token
        }

        @Test("SoftHSM refuses a wrong PIN once")
        func refusesPIN() async throws {
            let token = try SoftHSM()
            let store = PKCS11Store(module: SoftHSM.module, threadLimit: 1) { try TokenScene.secret("0000") }
            for _ in 0..<3 {
                await #expect {
                    try await store.key(at: KeyURI("\(SoftHSM.place);object=k"))
                } throws: {
                    ($0 as? RemoteKeyError)?.code == .denied
                }
            }
            await store.close()
            _ = token
        }

        @Test(
            "A server of p11-kit that is killed and started again is used again",
            .timeLimit(.minutes(1)),
            .enabled("p11-kit is not installed") { SoftHSM.isThere(SoftHSM.client, SoftHSM.server) })
        func comesBack() async throws {
            let token = try SoftHSM()
            let store = SoftHSM.store(SoftHSM.client)
            token.nameServer()
            await #expect { try await store.key(at: KeyURI(SoftHSM.place)) } throws: {
                ($0 as? RemoteKeyError)?.code == .unavailable
            }
            let server = try token.startServer()
            let key = try await store.makeKey(at: KeyURI(SoftHSM.place), for: .es256, named: "k")
            #expect(try await SoftHSM.sign(key, .es256, store))
            try token.kill(server)
            for _ in 0..<3 {
                await #expect { try await SoftHSM.sign(key, .es256, store) } throws: {
                    ($0 as? RemoteKeyError)?.code == .unavailable
                }
            }
            let next = try token.startServer()
            while (try? await SoftHSM.sign(key, .es256, store)) != true { await Task.yield() }
            await store.close()
            try token.kill(next)
        }
    }
}
