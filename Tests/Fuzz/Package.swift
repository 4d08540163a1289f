// swift-tools-version: 6.2
import PackageDescription

// A package of its own: what it builds is instrumented, and links libFuzzer, so that it must not be in the way of others.
//
// Writ's sources are built here once more, since they alone are to be followed, and the root package has no product for all of
// them. `Writ` is a link to them. The settings are those of the root package, as far as they change what code means.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let staying = settings + [.enableUpcomingFeature("NonisolatedNonsendingByDefault")]

/// What libFuzzer follows. The compiler asks for a sanitizer beside it, which `script/fuzz` chooses.
let coverage = "edge,indirect-calls,trace-cmp,inline-8bit-counters,pc-table"

func writ(_ name: String, _ dependencies: [Target.Dependency], _ settings: [SwiftSetting] = settings) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Writ/\(name)",
        swiftSettings: settings + [.unsafeFlags(["-sanitize-coverage=\(coverage)", "-enable-testing"])])
}

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTP2 = Target.Dependency.product(name: "NIOHTTP2", package: "swift-nio-http2")
let nioHPACK = Target.Dependency.product(name: "NIOHPACK", package: "swift-nio-http2")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let atomics = Target.Dependency.product(name: "Atomics", package: "swift-atomics")
let metrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let tracing = Target.Dependency.product(name: "Tracing", package: "swift-distributed-tracing")
let instrumentation = Target.Dependency.product(name: "Instrumentation", package: "swift-distributed-tracing")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")

let package = Package(
    name: "fuzz",
    dependencies: [
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-distributed-tracing.git", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-nio-http2.git", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-atomics.git", from: "1.3.0"),
        .package(url: "https://github.com/apple/swift-system.git", from: "1.8.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CLibcrypto", path: "Writ/CLibcrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CLibxcrypt", path: "Writ/CLibxcrypt", pkgConfig: "libxcrypt", providers: [.apt(["libcrypt-dev"])]),
        .systemLibrary(
            name: "CZlib", path: "Writ/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        writ("Libcrypto", ["CLibcrypto"]),
        writ("Libxcrypt", ["CLibxcrypt"]),
        writ("Zlib", ["CZlib"]),
        writ("WireText", []),
        writ("JOSE", ["WireText", "Libcrypto"]),
        writ("AccessToken", ["JOSE", "WireText", "Libcrypto", "Zlib"]),
        writ("OAuth", ["AccessToken", "JOSE", "WireText", "Libcrypto", "Libxcrypt"], staying),
        writ("Admission", ["OAuth", "AccessToken", "WireText", "Libcrypto"]),
        writ("Signing", ["OAuth", "AccessToken", "JOSE", "WireText", "Libcrypto"], staying),
        writ(
            "RemoteKeys",
            [
                "AccessToken", "JOSE", "WireText", "Libcrypto", atomics, httpClient, nioCore, nioPosix, nioHTTP1,
                nioSSL,
                system,
            ]),
        writ(
            "TokenVerifier",
            ["AccessToken", "JOSE", "WireText", "RemoteKeys", "Libcrypto", atomics, metrics, logging, lifecycle]),
        writ("ReplayStore", ["RemoteKeys", nioCore, nioPosix, nioSSL], staying),
        writ("OTLPTracing", ["JOSE", "WireText", tracing]),
        writ("PrometheusText", []),
        writ("ServiceFiles", ["OAuth", "AccessToken", "JOSE", "WireText", "Libcrypto", yams, system]),
        writ("ClientState", ["Admission", "ServiceFiles", "AccessToken", grdb, system]),
        writ(
            "LiveState",
            ["ServiceFiles", "OAuth", "AccessToken", "JOSE", "WireText", "Libcrypto", logging, nioCore, nioSSL, system]),
        writ(
            "HTTPEdge",
            ["WireText", nioCore, nioPosix, nioHTTP1, nioHTTP2, nioHPACK, nioSSL, nioTLS, logging, system]),
        writ(
            "Telemetry",
            ["PrometheusText", "OAuth", "AccessToken", "JOSE", "WireText", logging, tracing, instrumentation],
            staying),
        writ(
            "TokenHTTP",
            [
                "HTTPEdge", "ClientState", "LiveState", "ServiceFiles", "Telemetry", "PrometheusText", "Admission",
                "Signing",
                "OAuth", "AccessToken", "JOSE", "WireText", "Libcrypto", "RemoteKeys", "ReplayStore",
                nioCore, nioPosix, nioHTTP1, nioSSL, logging, tracing, instrumentation, lifecycle, system,
            ], staying),
        // What the toolchain has of libFuzzer; `script/fuzz` links it.
        .systemLibrary(name: "CLibFuzzer"),
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "CLibFuzzer", "HTTPEdge", "TokenHTTP", "LiveState", "ServiceFiles", "Telemetry", "OTLPTracing",
                "ReplayStore", "TokenVerifier", "Admission", "Signing", "OAuth", "AccessToken", "JOSE", "WireText",
                "Libcrypto",
                logging, nioCore, nioEmbedded, nioHPACK, nioHTTP1, nioHTTP2, system, yams,
            ],
            swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
