import WireText

/// The media types that a client accepts, RFC 9110 section 12.5.1.
struct AcceptedMediaTypes {
    /// The most media ranges of a request that are read. Clients send a handful.
    static let maximumCount = 64

    /// Each media range that was read, with its weight in thousandths.
    private var ranges: [(name: Octets, weight: Int)] = []

    /// - Parameter fields: the values of all `Accept` fields.
    init(_ fields: [String]) {
        for element in fields.lazy.flatMap({ Octets($0).eachPart(between: ",") }).prefix(Self.maximumCount) {
            let (name, parameters) = element.split(at: ";")
            guard !name.trimmed.isEmpty else { continue }
            ranges.append((name.trimmed, parameters.map(Self.weight(in:)) ?? Self.fullWeight))
        }
    }

    /// Whether `Accept` names the first media type, with a weight at least that of the second. A wildcard does not name
    /// the first: it accepts the usual answer.
    func prefer(_ first: String, to second: String) -> Bool {
        let weight = weight(of: first) ?? 0
        let family = Octets(second).split(at: "/").head.text + "/*"
        let other = self.weight(of: second) ?? self.weight(of: family) ?? self.weight(of: "*/*") ?? 0
        return weight > 0 && weight >= other
    }

    /// The highest weight with which `Accept` names a media range; `nil` if it does not. RFC 9110 section 8.3.1: names
    /// are case-insensitive.
    private func weight(of name: String) -> Int? {
        ranges.lazy.filter { $0.name.isSameIgnoringCase(as: name) }.map(\.weight).max()
    }

    private static let fullWeight = 1000

    /// The weight in the parameters of a media range: the first `q`, or else the full weight.
    private static func weight(in parameters: Octets) -> Int {
        for parameter in parameters.eachPart(between: ";") {
            let (name, value) = parameter.split(at: "=")
            guard name.trimmed.isSameIgnoringCase(as: "q") else { continue }
            return value.flatMap { thousandths($0.trimmed) } ?? 0
        }
        return fullWeight
    }

    /// `qvalue` of RFC 9110 section 12.4.2: 0 to 1 with at most three decimal places. `nil` for anything else.
    private static func thousandths(_ text: Octets) -> Int? {
        let (whole, fraction) = text.split(at: ".")
        guard let ones = whole.decimal, ones <= 1, whole.count == 1 else { return nil }
        guard let fraction, !fraction.isEmpty else { return ones * fullWeight }
        guard fraction.count <= 3, let digits = fraction.decimal else { return nil }
        let weight = ones * fullWeight + digits * [100, 10, 1][fraction.count - 1]
        return weight <= fullWeight ? weight : nil
    }
}

extension EndpointRequest {
    /// Whether `Accept` names HTML with a weight at least that of JSON, as browsers do.
    ///
    /// - Parameter accept: the values of all `Accept` fields.
    package static func prefersHTML(accept: [String]) -> Bool {
        AcceptedMediaTypes(accept).prefer("text/html", to: "application/json")
    }
}
