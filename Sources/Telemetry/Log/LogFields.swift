package import JOSE
package import Logging

/// What one event reports. It is written straight into the line: a dictionary of strings would cost more than the rest
/// of the line.
package protocol LogFields: Sendable, CustomStringConvertible {
    /// Writes each field that has a value, in the order of the names. None is called `time`, `level` or `message`.
    func write(to line: inout some LogLine)
}

extension LogFields {
    /// The metadata of the log event. ``ServiceLogHandler`` writes its fields; other handlers get a JSON object.
    package var metadata: Logger.Metadata { [LogFieldsName.metadata: .stringConvertible(self)] }

    /// A JSON object.
    package var description: String {
        var writer = JSONWriter()
        writer.object { write(to: &$0) }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

enum LogFieldsName {
    /// The name under which ``LogFields`` travel in the metadata of a log event.
    static let metadata = "fields"
}

/// A log line, to which fields are added.
package protocol LogLine {
    mutating func member(_ name: String, _ value: String)
    mutating func member(_ name: String, _ value: Int64)
    mutating func member(_ name: String, _ values: [String])
    /// Adds metadata that is not ``LogFields``.
    mutating func metadata(_ name: String, _ value: Logger.MetadataValue)
}

extension LogLine {
    /// Adds the fields of an event, or all metadata of an event without such fields.
    mutating func add(_ metadata: Logger.Metadata) {
        if case .stringConvertible(let convertible)? = metadata[LogFieldsName.metadata],
            let fields = convertible as? any LogFields
        {
            fields.write(to: &self)
            guard metadata.count > 1 else { return }
            return addSorted(metadata.filter { $0.key != LogFieldsName.metadata })
        }
        addSorted(metadata)
    }

    private mutating func addSorted(_ metadata: Logger.Metadata) {
        for (name, value) in metadata.sorted(by: { $0.key < $1.key }) where !Self.reserved.contains(name) {
            self.metadata(name, value)
        }
    }

    private static var reserved: [String] { ["time", "level", "message"] }
}

extension JSONWriter: LogLine {
    package mutating func metadata(_ name: String, _ value: Logger.MetadataValue) {
        self.name(name)
        write(value)
    }

    private mutating func write(_ value: Logger.MetadataValue) {
        switch value {
        case .string(let text): string(text)
        case .stringConvertible(let number as Int): integer(Int64(number))
        case .stringConvertible(let other): string(other.description)
        case .array(let elements):
            array { array in
                for element in elements { array.write(element) }
            }
        case .dictionary(let members):
            object { object in
                for (name, value) in members.sorted(by: { $0.key < $1.key }) { object.metadata(name, value) }
            }
        }
    }
}
