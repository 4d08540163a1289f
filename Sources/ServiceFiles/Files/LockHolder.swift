import Foundation
import SystemPackage
import WireText

/// The process that holds the lock of a file, as the system reports it.
struct LockHolder: Sendable, Equatable {
    /// The identifier of the process, in the namespace of this one.
    let process: Int

    /// - Returns: `nil` if the system does not say, as for a process of another container or host.
    init?(ofFileWith inode: UInt64) {
        guard let table = try? String(contentsOfFile: "/proc/locks", encoding: .utf8) else { return nil }
        self.init(ofFileWith: inode, in: table)
    }

    /// - Parameter table: the text of `/proc/locks`: `1: FLOCK  ADVISORY  WRITE 1234 fe:00:2294858 0 EOF`. A line with `->`
    ///   behind the number is about a process that waits.
    init?(ofFileWith inode: UInt64, in table: String) {
        for line in Octets(table).eachPart(between: "\n") {
            let words = line.eachPart(between: " ").filter { !$0.isEmpty }
            guard words.count >= 6, words[1].isSame(as: "FLOCK"), let process = words[4].decimal, process > 0,
                words[5].splitFromRight(at: ":").tail.isSame(as: "\(inode)")
            else { continue }
            self.process = process
            return
        }
        return nil
    }
}
