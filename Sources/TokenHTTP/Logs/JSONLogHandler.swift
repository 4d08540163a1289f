public import Foundation
import JOSE
public import Logging

/// Writes each event as one JSON object in a line of its own, for programs that gather logs: `time`, `level`, `message`, and
/// the event's metadata beside them.
public struct JSONLogHandler: LogHandler {
    /// Added to every event.
    public var metadata: Logger.Metadata = [:]
    /// Events below it are not written.
    public var logLevel: Logger.Level = .info

    private let write: @Sendable (Data) -> Void

    /// - Parameter write: is given one whole line at a time.
    public init(_ write: @escaping @Sendable (Data) -> Void) {
        self.write = write
    }

    /// To standard error, a line with one system call.
    public static let standardError = JSONLogHandler { line in
        // Where nobody listens there is nobody to tell.
        try? FileHandle.standardError.write(contentsOf: line)
    }

    /// One of ``metadata``.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes the event, whatever its level is: the logger has looked at that.
    public func log(event: LogEvent) {
        var writer = JSONWriter()
        writer.object { line in
            line.member("time", Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
            line.member("level", event.level.rawValue)
            line.member("message", event.message.description)
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            for (key, value) in all.sorted(by: { $0.key < $1.key }) where !Self.reserved.contains(key) {
                line.member(key, Self.json(value))
            }
        }
        write(Data(writer.bytes + [UInt8(ascii: "\n")]))
    }

    private static let reserved: Set<String> = ["time", "level", "message"]

    private static func json(_ value: Logger.MetadataValue) -> JSONValue {
        switch value {
        case .string(let text): .string(text)
        case .stringConvertible(let number as Int): .integer(Int64(number))
        case .stringConvertible(let other): .string(other.description)
        case .array(let elements): .array(elements.map(json))
        case .dictionary(let members):
            .object(JSONObject(members.sorted { $0.key < $1.key }.map { .init($0.key, json($0.value)) }))
        }
    }
}
