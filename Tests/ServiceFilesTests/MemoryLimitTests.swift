import AccessToken
import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import ServiceFiles

@Suite("The memory that the service may take")
struct MemoryLimitTests {
    /// Writes files below a new folder.
    private func root(_ files: [String: String]) throws -> FilePath {
        let root = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        for (name, text) in files {
            let file = root.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        return FilePath(root.path)
    }

    private let machine = ["proc/meminfo": "MemTotal:       2048 kB\nMemFree: 1 kB\n"]

    @Test(
        "The least of the container's limits and the machine's memory counts",
        arguments: [
            // Version 2 in a container of its own, on the host with a group in a group, and without a limit.
            ("0::/\n", ["sys/fs/cgroup/memory.max": "1000000\n"], 1_000_000),
            (
                "0::/a/b\n",
                ["sys/fs/cgroup/a/b/memory.max": "max\n", "sys/fs/cgroup/a/memory.max": "999999\n"], 999_999
            ),
            ("0::/\n", ["sys/fs/cgroup/memory.max": "max\n"], 2048 << 10),
            // Version 1. The path is that of the host, which the container does not see.
            (
                "5:cpu,memory:/docker/1234\n0::/\n", ["sys/fs/cgroup/memory/memory.limit_in_bytes": "1000001\n"],
                1_000_001
            ),
            ("5:memory:/\n", ["sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"], 2048 << 10),
            // Anything else is no limit.
            ("", [:], 2048 << 10), ("x\n:\n0::\n", ["sys/fs/cgroup/memory.max": "lots\n"], 2048 << 10),
            ("0::/../../etc\n", [:], 2048 << 10), ("0::../a\n", [:], 2048 << 10),
            ("0::a/b\n", ["sys/fs/cgroup/a/memory.max": "999999\n"], 999_999),
        ] as [(String, [String: String], Int)])
    func limits(cgroup: String, files: [String: String], limit: Int) throws {
        let root = try root(files.merging(machine) { first, _ in first })
        defer { try? FileManager.default.removeItem(atPath: root.string) }
        #expect(MemoryLimit.read(root: root, cgroup: cgroup) == limit)
    }

    @Test("The memory in use is less than the limit")
    func resident() throws {
        let resident = try #require(MemoryLimit.resident)
        #expect(resident > 0)
        #expect(resident < MemoryLimit.current ?? .max)
    }

    @Test(
        "A size has a binary unit",
        arguments: [("64MiB", 64 << 20), ("256Mi", 256 << 20), ("1GiB", 1 << 30), ("65536KiB", 64 << 20)])
    func sizes(text: String, octets: Int) throws {
        #expect(try SizeText.parseMemory(text) == octets)
    }

    @Test(
        "Anything else is no size",
        arguments: [
            "", "256", "256M", "256MB", "-1GiB", "1.5GiB", "1 GiB", "63MiB", "9999999999MiB", "1\u{301}GiB",
            "\u{661}GiB",
        ])
    func noSizes(text: String) {
        #expect(throws: InvalidValue.self) { try SizeText.parseMemory(text) }
    }
}
