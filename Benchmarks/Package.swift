// swift-tools-version: 6.2
import PackageDescription

// The benchmark package wants, for Swift 6.2, an older argument parser than Writ's: there everything but the times is built.
#if compiler(>=6.3)
    let hasBenchmark = true
#else
    let hasBenchmark = false
#endif

// Without the traits, since those bring interposers of malloc and of the Swift runtime that have to be preloaded:
// script/bench-parts counts allocations from outside.
let benchmarkPackage = Package.Dependency.package(
    url: "https://github.com/ordo-one/benchmark.git", from: "1.38.1", traits: [])

// How long each part takes: `swift package --package-path Benchmarks benchmark` finds it by its folder.
let partTimes = Target.executableTarget(
    name: "PartTimes",
    dependencies: ["Parts", .product(name: "Benchmark", package: "benchmark")],
    path: "Benchmarks/PartTimes",
    plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])

// A package of its own: what Writ is compared with is no dependency of Writ's.
let package = Package(
    name: "benchmarks",
    platforms: [.macOS(.v26)],
    dependencies: [
        .package(name: "writ", path: ".."),
        .package(url: "https://github.com/vapor/jwt-kit.git", from: "5.7.1"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
    ] + (hasBenchmark ? [benchmarkPackage] : []),
    targets: [
        .executableTarget(
            name: "verify-bench",
            dependencies: [
                .product(name: "TokenVerifier", package: "writ"),
                .product(name: "TokenVerifierTesting", package: "writ"),
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .target(
            name: "Parts",
            dependencies: [
                .product(name: "WritParts", package: "writ"),
                .product(name: "TokenVerifier", package: "writ"),
            ],
            path: "Benchmarks/Parts"),
        .executableTarget(
            name: "run-part",
            dependencies: ["Parts", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            path: "Benchmarks/Counting/run-part"),
    ] + (hasBenchmark ? [partTimes] : [])
)
