import JOSE
import Tracing

extension JSONWriter {
    /// The member `attributes`: an array of `KeyValue` (opentelemetry-proto, common.proto), sorted by name; nothing where
    /// there are none.
    mutating func attributes(_ attributes: SpanAttributes) {
        guard !attributes.isEmpty else { return }
        var members: [(name: String, value: SpanAttribute)] = []
        attributes.forEach { members.append(($0, $1)) }
        members.sort { $0.name < $1.name }
        name("attributes")
        array { array in
            for (key, value) in members {
                array.object { member in
                    member.member("key", key)
                    member.name("value")
                    member.value(anyValue(value))
                }
            }
        }
    }

    /// As ``attributes(_:)``, and the member `droppedAttributesCount` where some were dropped.
    mutating func attributes(_ attributes: BoundedAttributes) {
        self.attributes(attributes.values)
        droppedCount("droppedAttributesCount", attributes.droppedCount)
    }

    /// Nothing for zero, as Protocol Buffers leave out what has its default.
    mutating func droppedCount(_ name: String, _ count: Int) {
        if count > 0 { member(name, Int64(count)) }
    }

    /// 64 bits of any kind are strings in the JSON of Protocol Buffers, since many readers make doubles of numbers.
    mutating func member(_ name: String, nanoseconds: UInt64) {
        member(name, String(nanoseconds))
    }
}

private func anyValue(_ attribute: SpanAttribute) -> JSONValue {
    switch attribute {
    case .string(let text): any("stringValue", .string(text))
    case .bool(let bool): any("boolValue", .bool(bool))
    case .int32(let number): integer(Int64(number))
    case .int64(let number): integer(number)
    case .double(let number): double(number)
    case .stringConvertible(let thing): any("stringValue", .string(thing.description))
    case .stringArray(let texts): array(texts.map { any("stringValue", .string($0)) })
    case .boolArray(let values): array(values.map { any("boolValue", .bool($0)) })
    case .int32Array(let numbers): array(numbers.map { integer(Int64($0)) })
    case .int64Array(let numbers): array(numbers.map(integer))
    case .doubleArray(let numbers): array(numbers.map(double))
    case .stringConvertibleArray(let things): array(things.map { any("stringValue", .string($0.description)) })
    default: .object(JSONObject([]))
    }
}

private func any(_ kind: String, _ value: JSONValue) -> JSONValue {
    .object(JSONObject([.init(kind, value)]))
}

private func integer(_ number: Int64) -> JSONValue {
    any("intValue", .string(String(number)))
}

/// JSON has no infinity; the JSON of Protocol Buffers has strings for it.
private func double(_ number: Double) -> JSONValue {
    if number.isFinite { return any("doubleValue", .number(number)) }
    return any("doubleValue", .string(number.isNaN ? "NaN" : number > 0 ? "Infinity" : "-Infinity"))
}

private func array(_ values: [JSONValue]) -> JSONValue {
    any("arrayValue", .object(JSONObject([.init("values", .array(values))])))
}
