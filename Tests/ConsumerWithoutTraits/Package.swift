// swift-tools-version: 6.2
import PackageDescription

// A program of a stranger that embeds the verifier and has another framework than Hummingbird, or none.
let package = Package(
    name: "consumer-without-traits",
    platforms: [.macOS(.v26)],
    dependencies: [.package(url: "https://example.com/writ.git", .upToNextMinor(from: "0.1.0"), traits: [])],
    targets: [
        .executableTarget(
            name: "ConsumerWithoutTraits",
            dependencies: [
                .product(name: "TokenVerifier", package: "writ"),
                .product(name: "TokenVerifierTesting", package: "writ"),
                .product(name: "TokenSource", package: "writ"),
            ])
    ]
)
