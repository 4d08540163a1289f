import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

/// Files without a secret that decide something, such as those of `--jwks`.
@Suite struct PublicFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func error(_ path: String) -> String {
        do throws(UnusableFile) {
            _ = try PublicFile(FilePath(path), .command(), limit: .keySet).contents(mayBePipe: true)
            return "none"
        } catch {
            return error.problem.message
        }
    }

    @Test("No more is read than the limit allows, and devices are not read at all")
    func limits() throws {
        try folder.write(String(repeating: "x", count: 256 * 1024), to: "whole")
        #expect(error(folder.path("whole")) == "none")
        try folder.write(String(repeating: "x", count: 256 * 1024 + 1), to: "large")
        #expect(error(folder.path("large")) == "is larger than 256 KiB")
        #expect(error("/dev/zero") == "is not a regular file")
    }

    @Test("A file that every user can change is refused")
    func untrusted() throws {
        try folder.write("{}", to: "keys.json", permissions: 0o666)
        #expect(error(folder.path("keys.json")) == "can be changed by every user of this machine")
    }

    @Test("A pipe is read to its end, and not beyond the limit", arguments: [(1000, "none"), (300, "too large")])
    func pipes(size: Int, result: String) async throws {
        let count = size == 300 ? 300 * 1024 : size
        let (output, input) = try FileDescriptor.pipe()
        let writer = Thread {
            let octets = [UInt8](repeating: 0x78, count: 10_000)
            var rest = count
            while rest > 0, (try? input.writeAll(octets.prefix(rest))) != nil { rest -= octets.prefix(rest).count }
            try? input.close()
        }
        writer.start()
        let message = error("/dev/fd/\(output.rawValue)")
        #expect(message == (result == "none" ? "none" : "is larger than 256 KiB"))
        // The writer ends when no reader is left.
        signal(SIGPIPE, SIG_IGN)
        try output.close()
    }
}
