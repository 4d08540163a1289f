import Foundation
import SystemPackage
import WireText

/// How much memory this process may take: the limit of its container, or the memory of the machine.
package enum MemoryLimit {
    /// In octets; `nil` if it cannot be read.
    package static var current: Int? {
        read(root: "/", cgroup: text("/proc/self/cgroup") ?? "")
    }

    /// The memory that the process has in use now, in octets; `nil` if it cannot be read.
    package static var resident: Int? {
        number("/proc/self/status", line: "VmRSS:").map { $0 << 10 }
    }

    /// - Parameters:
    ///   - root: the folder that holds `sys` and `proc`.
    ///   - cgroup: the content of `/proc/self/cgroup`: a line `0::/path` for version 2, and `N:memory:/path` for version 1.
    static func read(root: FilePath, cgroup: String) -> Int? {
        var limits: [Int] = []
        for line in Octets(cgroup).parts(between: "\n") {
            let (_, rest) = line.split(at: ":")
            guard let (controllers, path) = rest?.split(at: ":"), let path else { continue }
            if controllers.isEmpty {
                limits += self.limits(root.pushing("sys/fs/cgroup"), path, file: "memory.max")
            } else if controllers.parts(between: ",").contains(where: { $0.isSame(as: "memory") }) {
                limits += self.limits(root.pushing("sys/fs/cgroup/memory"), path, file: "memory.limit_in_bytes")
            }
        }
        if let machine = number(root.pushing("proc/meminfo"), line: "MemTotal:") { limits.append(machine << 10) }
        return limits.min()
    }

    /// The limits of a group and of the groups around it. In a container, the path is often that of the host, and only the
    /// topmost folder is there.
    private static func limits(_ mount: FilePath, _ path: Octets, file: String) -> [Int] {
        var limits: [Int] = []
        var group = FilePath(path.text).lexicallyNormalized()
        while true {
            // `max` stands for no limit.
            let limit = text(FilePath("\(mount)/\(group)/\(file)"))
            if let limit = limit.flatMap({ Octets($0).split(at: "\n").head.decimal }) { limits.append(limit) }
            let parent = group.folder
            guard parent != group else { return limits }
            group = parent
        }
    }

    /// The number in a line such as `VmRSS:   1234 kB`.
    private static func number(_ path: FilePath, line name: String) -> Int? {
        let line = text(path).map { Octets($0).parts(between: "\n") }?.first { $0.begins(with: name) }
        return line?.dropFirst(name.utf8.count).trimmed.split(at: " ").head.decimal
    }

    private static func text(_ path: FilePath) -> String? {
        try? String(contentsOfFile: path.string, encoding: .utf8)
    }
}
