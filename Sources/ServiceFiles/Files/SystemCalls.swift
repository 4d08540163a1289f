import Glibc
import SystemPackage

extension FilePath {
    /// Gives the file at this path another name, in place of any file that has it: rename(2).
    ///
    /// swift-system has no such call and Foundation's does not replace.
    func rename(to name: FilePath) throws(Errno) {
        guard unsafe Glibc.rename(string, name.string) == 0 else { throw Errno(rawValue: errno) }
    }
}
