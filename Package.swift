// swift-tools-version: 6.2

import PackageDescription

let strict: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

// A request's steps run where the request already is: asking for an executor at each `await` was a tenth of what a token
// costs beside its signature.
let staying = strict + [.enableUpcomingFeature("NonisolatedNonsendingByDefault")]

// Other people's programs embed the libraries. They name the traits that they need, and resolve no package of the rest. A
// condition names one trait, since Swift 6.2 wants all that it names, and 6.3 any. Every product of a package has the same
// condition. `swift build` here has all traits.
let serviceOnly = TargetDependencyCondition.when(traits: ["Service"])
let hummingbirdOnly = TargetDependencyCondition.when(traits: ["Hummingbird"])

let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird", condition: hummingbirdOnly)
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP2 = Target.Dependency.product(name: "NIOHTTP2", package: "swift-nio-http2", condition: serviceOnly)
let nioHPACK = Target.Dependency.product(name: "NIOHPACK", package: "swift-nio-http2", condition: serviceOnly)
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let hummingbirdTesting = Target.Dependency.product(
    name: "HummingbirdTesting", package: "hummingbird", condition: hummingbirdOnly)
let argumentParser = Target.Dependency.product(
    name: "ArgumentParser", package: "swift-argument-parser", condition: serviceOnly)
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let yams = Target.Dependency.product(name: "Yams", package: "Yams", condition: serviceOnly)
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let metrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let metricsTesting = Target.Dependency.product(name: "MetricsTestKit", package: "swift-metrics")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let atomics = Target.Dependency.product(name: "Atomics", package: "swift-atomics")
let tracing = Target.Dependency.product(name: "Tracing", package: "swift-distributed-tracing", condition: serviceOnly)
let instrumentation = Target.Dependency.product(
    name: "Instrumentation", package: "swift-distributed-tracing", condition: serviceOnly)
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift", condition: serviceOnly)
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types", condition: hummingbirdOnly)
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")

// The layers, innermost first. `script/check-layers` holds each target to the imports that its layer may have.
let core: [Target] = [
    .systemLibrary(
        name: "CLibcrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),
    .systemLibrary(
        name: "CLibxcrypt", pkgConfig: "libxcrypt", providers: [.apt(["libcrypt-dev"]), .brew(["libxcrypt"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    // A header alone, of which nothing is linked: the module of an operator is loaded when it is needed.
    .systemLibrary(name: "CPKCS11", providers: [.apt(["libp11-kit-dev"]), .brew(["p11-kit"])]),
    .target(name: "Libcrypto", dependencies: ["CLibcrypto"], swiftSettings: strict),
    .target(name: "Libxcrypt", dependencies: ["CLibxcrypt"], swiftSettings: strict),
    .target(name: "Zlib", dependencies: ["CZlib"], swiftSettings: strict),
    .target(name: "WireText", swiftSettings: strict),
    .target(name: "JOSE", dependencies: ["WireText", "Libcrypto"], swiftSettings: strict),
    .target(name: "AccessToken", dependencies: ["JOSE", "WireText", "Libcrypto", "Zlib"], swiftSettings: strict),
    .target(
        name: "OAuth", dependencies: ["AccessToken", "JOSE", "WireText", "Libcrypto", "Libxcrypt"],
        swiftSettings: staying),
    .target(name: "Admission", dependencies: ["OAuth", "AccessToken", "WireText", "Libcrypto"], swiftSettings: strict),
    .target(
        name: "Signing", dependencies: ["OAuth", "AccessToken", "JOSE", "WireText", "Libcrypto"], swiftSettings: staying
    ),
    .target(
        name: "PKCS11", dependencies: ["CPKCS11", "OAuth", "AccessToken", "JOSE", "WireText", "Libcrypto"],
        swiftSettings: staying),
    .target(name: "FakeToken", dependencies: ["CPKCS11", "CLibcrypto"], path: "Tests/FakeToken"),
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
    tests("Libcrypto", ["CLibcrypto"]),
    tests("Libxcrypt", []),
    tests("Zlib", []),
    tests("WireText", []),
    tests("JOSE", ["WireText", "Libcrypto"]),
    tests("AccessToken", ["JOSE", "WireText", "Libcrypto", "Zlib"]),
    tests("OAuth", ["AccessToken", "JOSE", "WireText", "Libcrypto"]),
    tests("Admission", ["OAuth", "AccessToken", "JOSE", "WireText", "Libcrypto"]),
    tests("Signing", ["OAuth", "AccessToken", "JOSE", "WireText", "Libcrypto"]),
    tests("PKCS11", ["FakeToken", "CPKCS11", "OAuth", "AccessToken", "JOSE", "WireText", "Libcrypto"]),
]

let surroundings: [Target] = [
    .target(
        name: "RemoteKeys",
        dependencies: [
            "AccessToken", "JOSE", "WireText", "Libcrypto", atomics, httpClient, nioCore, nioPosix, nioHTTP1, nioSSL,
            system,
        ],
        swiftSettings: strict),
    .target(
        name: "ReplayStore", dependencies: ["RemoteKeys", nioCore, nioPosix, nioSSL], swiftSettings: staying),
    tests("ReplayStore", ["RemoteKeys", nioCore, nioEmbedded, nioPosix, nioSSL]),
    .target(
        name: "VaultTransit",
        dependencies: [
            "RemoteKeys", "OAuth", "AccessToken", "JOSE", "WireText", "Libcrypto", httpClient, nioCore, nioHTTP1,
            nioPosix,
        ], swiftSettings: staying),
    tests(
        "VaultTransit",
        [
            "LoopbackServer", "RemoteKeys", "OAuth", "AccessToken", "JOSE", "WireText", "Libcrypto", hummingbird,
            httpTypes, nioCore, nioPosix,
        ]),
    .target(
        name: "TokenVerifier",
        dependencies: [
            "AccessToken", "JOSE", "WireText", "RemoteKeys", "Libcrypto", atomics, metrics, logging, lifecycle,
        ],
        swiftSettings: strict),
    .target(
        name: "TokenVerifierTesting",
        dependencies: ["TokenVerifier", "RemoteKeys", "AccessToken", "JOSE", "Libcrypto"],
        swiftSettings: strict),
    .target(
        name: "TokenVerifierHummingbird",
        dependencies: ["TokenVerifier", "AccessToken", "WireText", hummingbird, httpTypes],
        swiftSettings: strict),
    .target(
        name: "TokenSource",
        dependencies: [
            "RemoteKeys", "AccessToken", "JOSE", "WireText", "Libcrypto", httpClient, nioCore, nioPosix, nioHTTP1,
            logging, system,
        ],
        swiftSettings: strict),
    .target(name: "OTLPTracing", dependencies: ["JOSE", "WireText", tracing], swiftSettings: strict),
    tests("OTLPTracing", ["JOSE", "WireText", tracing]),
    .target(name: "PrometheusText", swiftSettings: strict),
    tests("PrometheusText", []),
    .target(
        name: "ServiceFiles", dependencies: ["OAuth", "AccessToken", "JOSE", "WireText", "Libcrypto", yams, system],
        swiftSettings: strict),
    .target(
        name: "ClientState", dependencies: ["Admission", "ServiceFiles", "AccessToken", grdb, system],
        swiftSettings: strict),
    tests("ClientState", ["Admission", "ServiceFiles", "OAuth", "AccessToken", grdb, system]),
    .target(
        name: "LiveState",
        dependencies: [
            "ServiceFiles", "OAuth", "AccessToken", "JOSE", "WireText", "Libcrypto", logging, nioCore, nioSSL, system,
        ],
        swiftSettings: strict),
    .target(
        name: "HTTPEdge",
        dependencies: ["WireText", nioCore, nioPosix, nioHTTP1, nioHTTP2, nioHPACK, nioSSL, nioTLS, logging, system],
        swiftSettings: strict),
    .target(
        name: "Telemetry",
        dependencies: [
            "PrometheusText", "OAuth", "AccessToken", "JOSE", "WireText", logging, tracing, instrumentation,
        ], swiftSettings: staying),
    tests("Telemetry", ["OAuth", "JOSE", "WireText", logging]),
    // A target of its own: what is embedded takes long to compile.
    .target(
        name: "ConsoleResources", resources: [.embedInCode("Page")], swiftSettings: strict),
    .target(
        name: "TokenHTTP",
        dependencies: [
            "ConsoleResources", "HTTPEdge", "ClientState", "LiveState", "ServiceFiles", "Telemetry", "PrometheusText",
            "PKCS11", "VaultTransit", "Admission", "Signing", "OAuth", "AccessToken", "JOSE", "WireText", "Libcrypto",
            "RemoteKeys",
            "ReplayStore",
            nioCore, nioPosix, nioHTTP1, nioSSL, logging, tracing, instrumentation, lifecycle, system,
        ],
        swiftSettings: staying),
    .executableTarget(
        name: "writ",
        dependencies: [
            "TokenHTTP", "ServiceFiles", "Telemetry", "OTLPTracing", "TokenVerifier", "TokenSource", "RemoteKeys",
            "OAuth", "AccessToken", "JOSE", "WireText", "Libcrypto", argumentParser, httpClient, nioCore, nioHTTP1,
            lifecycle, logging, system,
        ],
        swiftSettings: strict),
    .executableTarget(
        name: "demo-api",
        dependencies: [
            "TokenVerifierHummingbird", "TokenVerifier", "AccessToken", hummingbird, argumentParser,
        ],
        swiftSettings: strict),
    .target(
        name: "LoopbackServer", dependencies: [hummingbird, lifecycle, logging], path: "Tests/LoopbackServer",
        swiftSettings: strict),
    tests(
        "RemoteKeys",
        [
            "LoopbackServer", "AccessToken", "JOSE", "WireText", "Libcrypto", hummingbird, httpTypes, httpClient,
            nioCore, nioHTTP1, nioPosix,
        ]),
    tests(
        "TokenVerifier",
        [
            "TokenVerifierTesting", "LoopbackServer", "RemoteKeys", "AccessToken", "JOSE", "WireText", "Libcrypto",
            hummingbird, httpTypes, metrics, metricsTesting, logging, lifecycle,
        ]),
    tests(
        "TokenVerifierHummingbird",
        [
            "TokenVerifierTesting", "TokenVerifier", "AccessToken", "JOSE", "WireText", "Libcrypto", hummingbird,
            hummingbirdTesting, httpTypes,
        ]),
    tests(
        "TokenSource",
        [
            "LoopbackServer", "RemoteKeys", "AccessToken", "JOSE", "WireText", "Libcrypto", hummingbird, httpTypes,
            httpClient, nioCore, nioHTTP1, nioPosix, logging,
        ]),
    // A program of a stranger, which Tests/Interop/test_token_source.py runs against the service.
    .executableTarget(
        name: "TokenSourceProgram", dependencies: ["TokenSource", httpClient], path: "Tests/TokenSourceProgram",
        swiftSettings: strict),
    .target(
        name: "ServiceFixture",
        dependencies: ["TestSupport", "LiveState", "ServiceFiles", "OAuth", "AccessToken", logging, system],
        path: "Tests/ServiceFixture", swiftSettings: strict),
    tests("ServiceFiles", ["OAuth", "AccessToken", "JOSE", "WireText", "Libcrypto", system, yams]),
    tests(
        "LiveState",
        ["ServiceFixture", "ServiceFiles", "OAuth", "AccessToken", "JOSE", "WireText", "Libcrypto", logging, system]),
    tests("HTTPEdge", ["WireText", nioCore, nioEmbedded, nioPosix, nioHTTP1, nioHTTP2, nioHPACK, nioSSL, logging]),
    tests(
        "TokenHTTP",
        [
            "ConsoleResources", "HTTPEdge", "ServiceFixture", "LiveState", "ServiceFiles", "Telemetry",
            "PrometheusText", "Admission",
            "ReplayStore", "Signing",
            "OAuth", "AccessToken", "JOSE", "WireText", "Libcrypto", logging, nioCore, nioEmbedded, nioHTTP1, nioPosix,
            nioSSL,
            system,
        ]),
]

func tests(_ target: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: target + "Tests", dependencies: [.byName(name: target), "TestSupport"] + dependencies,
        swiftSettings: strict)
}

// With WRIT_CORE_ONLY the package is what needs nothing from the network, with the tests in which a sanitizer can find
// something: `script/sanitize` builds that in a minute. In the core only the targets that may say `unsafe` own memory of C
// (`script/check-layers`).
let sanitizedTests = [
    "all": core.filter { $0.type == .test }.map(\.name),
    "memory": ["LibcryptoTests", "LibxcryptTests", "ZlibTests", "PKCS11Tests"],
    "threads": ["LibcryptoTests", "AdmissionTests", "SigningTests", "PKCS11Tests"],
]
let coreOnly = Context.environment["WRIT_CORE_ONLY"].map { part in
    guard let tests = sanitizedTests[part] else { fatalError("WRIT_CORE_ONLY is memory, threads or all") }
    return tests
}
let isCoreOnly = coreOnly != nil
let chosenCore = core.filter { target in
    guard let coreOnly else { return true }
    return target.type != .test || coreOnly.contains(target.name)
}

let package = Package(
    name: "writ",
    // `InlineArray`, and spans of strings.
    platforms: [.macOS(.v26)],
    products: isCoreOnly
        ? []
        : [
            .executable(name: "writ", targets: ["writ"]),
            .executable(name: "demo-api", targets: ["demo-api"]),
            .library(name: "TokenVerifier", targets: ["TokenVerifier"]),
            .library(name: "TokenVerifierHummingbird", targets: ["TokenVerifierHummingbird"]),
            .library(name: "TokenVerifierTesting", targets: ["TokenVerifierTesting"]),
            .library(name: "TokenSource", targets: ["TokenSource"]),
            // For Benchmarks/, a package of its own that measures the parts one by one. No promise to anybody else.
            .library(name: "WritParts", targets: ["OAuth", "AccessToken", "JOSE", "WireText", "Libcrypto"]),
        ],
    traits: [
        .default(enabledTraits: ["Service"]),
        .trait(
            name: "Service", description: "What writ and demo-api need besides the libraries.",
            enabledTraits: ["Hummingbird"]),
        .trait(name: "Hummingbird", description: "What TokenVerifierHummingbird needs besides TokenVerifier."),
    ],
    dependencies: isCoreOnly
        ? []
        : [
            .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
            .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
            .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
            .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
            .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
            .package(url: "https://github.com/apple/swift-distributed-tracing.git", from: "1.7.3"),
            .package(url: "https://github.com/apple/swift-nio-http2.git", from: "1.46.0"),
            .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
            .package(url: "https://github.com/apple/swift-atomics.git", from: "1.3.0"),
            .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
            .package(url: "https://github.com/apple/swift-system.git", from: "1.8.1"),
            .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
            .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
            .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
            .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        ],
    targets: chosenCore + (isCoreOnly ? [] : surroundings),
    swiftLanguageModes: [.v6]
)
