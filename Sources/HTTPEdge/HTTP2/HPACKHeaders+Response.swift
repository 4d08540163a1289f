import NIOCore
import NIOHPACK
import NIOHTTP1
import WireText

extension HPACKHeaders {
    /// The fields of a response, RFC 9113 section 8.3.2.
    ///
    /// They are not indexed: the client decides how large the table of the encoder is, and each response has values of
    /// its own.
    ///
    /// - Parameter date: the value of `Date`.
    init(_ response: Response, date: String) {
        self.init()
        func add(_ name: String, _ value: String) { self.add(name: name, value: value, indexing: .nonIndexable) }
        add(":status", String(response.status.code))
        add("date", date)
        // RFC 9113 section 8.2.1: names are in lower case.
        for (name, value) in response.fields { add(Octets(name).lowercased, value) }
        if response.status.mayHaveContent { add("content-length", String(response.content.readableBytes)) }
    }
}
