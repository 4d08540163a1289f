// swift-tools-version: 6.2
import Foundation
import PackageDescription

// A program of a stranger, which depends on Writ by address and version. `script/snippets` copies this package beside a
// repository of Writ, and adds a target for each page of the documentation that has snippets in Swift.
let aliases = ["JOSE": "WritJOSE"]
let products: [Target.Dependency] = [
    .product(name: "TokenVerifier", package: "writ", moduleAliases: aliases),
    .product(name: "TokenVerifierHummingbird", package: "writ", moduleAliases: aliases),
    .product(name: "TokenVerifierTesting", package: "writ", moduleAliases: aliases),
    .product(name: "TokenSource", package: "writ", moduleAliases: aliases),
    .product(name: "Hummingbird", package: "hummingbird"),
    .product(name: "AsyncHTTPClient", package: "async-http-client"),
    .product(name: "GRPCCore", package: "grpc-swift-2"),
]

// A stranger may have it: then a member is found only if its module is imported.
let settings: [SwiftSetting] = [.enableUpcomingFeature("MemberImportVisibility")]

func pages(in folder: String) -> [String] {
    let names = try? FileManager.default.contentsOfDirectory(atPath: "\(Context.packageDirectory)/\(folder)")
    return (names ?? []).filter { $0.hasSuffix("Page") }.sorted()
}

let package = Package(
    name: "consumer",
    platforms: [.macOS(.v26)],
    dependencies: [
        .package(url: "https://example.com/writ.git", .upToNextMinor(from: "0.1.0"), traits: ["Hummingbird"]),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/grpc/grpc-swift-2.git", from: "2.4.3"),
    ],
    targets: pages(in: "Sources").map { .target(name: $0, dependencies: products, swiftSettings: settings) }
        + pages(in: "Tests").map { .testTarget(name: $0, dependencies: products, swiftSettings: settings) }
        + [
            // What a snippet does that a server calls.
            .testTarget(
                name: "InterceptorTests", dependencies: [.byName(name: "VerifyingPage")] + products,
                swiftSettings: settings)
        ]
        + [
            // A module of the program's own, which has the name of one of Writ's.
            .target(name: "JOSE", swiftSettings: settings),
            .executableTarget(
                name: "Consumer", dependencies: ["JOSE"] + pages(in: "Sources").map { .byName(name: $0) },
                swiftSettings: settings),
        ],
    swiftLanguageModes: [.v6]
)
