import AccessToken
import SystemPackage

extension FileLines {
    /// A path that the file names. A relative one is relative to the folder of the file.
    func path(relativeToFile text: String) throws(InvalidValue) -> String {
        guard !text.isEmpty else { throw InvalidValue("is empty") }
        let path = FilePath(text)
        return path.isAbsolute ? path.string : FilePath(self.path).removingLastComponent().pushing(path).string
    }
}
