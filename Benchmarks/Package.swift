// swift-tools-version: 6.2
import PackageDescription

// A package of its own: what Writ is compared with is no dependency of Writ's.
let package = Package(
    name: "benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "writ", path: ".."),
        .package(url: "https://github.com/vapor/jwt-kit.git", from: "5.7.1"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
    ],
    targets: [
        .executableTarget(
            name: "verify-bench",
            dependencies: [
                .product(name: "TokenVerifier", package: "writ"),
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ])
    ]
)
