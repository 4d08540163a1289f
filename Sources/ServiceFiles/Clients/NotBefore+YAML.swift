import AccessToken
import OAuth
import WireText

extension NotBefore {
    /// The most moments of one member.
    static let maximumCount = 16

    /// Reads a time, or a list of times.
    init(reading node: some YAMLNode) throws(InvalidValue) {
        guard let elements = node.elements else {
            guard let text = node.text else { throw InvalidValue("is neither a time nor a list of times") }
            self.init([try Self.moment(text)])
            return
        }
        guard elements.count <= Self.maximumCount else { throw InvalidValue("has more than 16 times") }
        var moments: [NumericDate] = []
        for element in elements {
            guard let text = element.text else { throw InvalidValue("has an element that is not a time") }
            do throws(InvalidValue) { moments.append(try Self.moment(text)) } catch {
                throw InvalidValue("has an element that", cause: error)
            }
        }
        self.init(moments)
    }

    /// A time with a fraction is the next whole second: what was issued in its own second was issued before it, since
    /// tokens have whole seconds.
    private static func moment(_ text: String) throws(InvalidValue) -> NumericDate {
        let date = try NumericDate(rfc3339: text)
        let fraction = text.utf8.drop { $0 != UInt8(ascii: ".") }.dropFirst().prefix(while: ASCII.isDigit)
        return fraction.allSatisfy { $0 == UInt8(ascii: "0") } ? date : date + .seconds(1)
    }

    /// As it is written in the clients file, in one line.
    var yaml: String {
        moments.count == 1 ? moments[0].rfc3339 : "[\(moments.map(\.rfc3339).joined(separator: ", "))]"
    }
}

extension StatusIndex {
    /// `status_index`
    static func parse(_ text: String) throws(InvalidValue) -> Int {
        guard text.utf8.allSatisfy(ASCII.isDigit), let index = Int(text), range.contains(index) else {
            throw InvalidValue("is not a whole number from 0 to 1048575")
        }
        return index
    }
}
