/// The reason a text is no PEM, RFC 7468. Descriptions are shown to operators and never contain the text.
public enum PEMFault: Error, Sendable, Equatable, CaseIterable {
    /// There is nothing in the file.
    case empty
    /// No line begins a block.
    case noBlock
    /// The file is DER, which PEM wraps.
    case binary
    /// U+FEFF stands in front of the first BEGIN line.
    case byteOrderMark
    /// Each character takes two octets.
    case utf16
    /// Blanks stand in front of a BEGIN or END line.
    case indented
    /// Lines end in CR, which ends none in PEM.
    case carriageReturns
    /// BEGIN line, contents and END line are not on lines of their own.
    case joinedLines
    /// A BEGIN or END line lacks dashes.
    case brokenBoundary
    /// A BEGIN line has no END line, or an END line has no BEGIN line.
    case cutOff
    /// The BEGIN and the END line name different things.
    case mismatchedLabels
    /// The contents are not base64, or not those that the label promises.
    case undecodable
}

extension PEMFault: CustomStringConvertible {
    /// A human-readable clause in which "it" is the file that was read.
    public var description: String {
        switch self {
        case .empty: "it is empty"
        case .noBlock: "it holds no PEM block"
        case .binary: "it is DER, not PEM"
        case .byteOrderMark: "it begins with a byte order mark, so that its first line is no BEGIN line"
        case .utf16: "it is UTF-16, and PEM is ASCII"
        case .indented: "its BEGIN or END line is indented"
        case .carriageReturns: "its lines end in CR instead of LF"
        case .joinedLines: "its BEGIN line, its contents and its END line are not on lines of their own"
        case .brokenBoundary: "its BEGIN or END line does not end in five dashes"
        case .cutOff: "its PEM block is cut off: a BEGIN or END line is missing"
        case .mismatchedLabels: "its BEGIN and END lines name different things"
        case .undecodable: "its PEM block does not decode: it was changed or cut"
        }
    }
}
