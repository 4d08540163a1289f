/// A piece of what the service or a resource server does for a request, which can be done over and over by itself.
public struct Part: Sendable {
    /// Does it once.
    public typealias Work = () throws -> Void

    /// What it is called in tables and thresholds.
    public let name: String
    /// Whether a thousand times are over in a moment.
    public let isQuick: Bool
    /// Makes what the work needs. That is not measured.
    public let prepare: @Sendable () throws -> Work

    init(_ name: String, isQuick: Bool = true, prepare: @escaping @Sendable () throws -> Work) {
        self.name = name
        self.isQuick = isQuick
        self.prepare = prepare
    }

    /// Those whose instructions are Writ's own and Swift's.
    public static let counted = requests + grants + tokens + verifications + refreshTokens
    /// All, with those that libcrypto does nearly alone: of them only the time says something.
    public static let all = counted + signatures
}

/// Keeps the optimizer from leaving out the work whose result nobody looks at.
@_optimize(none)
func keep<Value>(_ value: Value) {}
