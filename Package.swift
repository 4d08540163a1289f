// swift-tools-version: 6.2

import PackageDescription

let strict: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]


// The layers, innermost first. `script/check-layers` holds each target to the imports that its layer may have.
let core: [Target] = [
    .systemLibrary(name: "CLibcrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .target(name: "Libcrypto", dependencies: ["CLibcrypto"], swiftSettings: strict),
    .target(name: "JOSE", dependencies: ["Libcrypto"], swiftSettings: strict),
    .target(name: "AccessToken", dependencies: ["JOSE"], swiftSettings: strict),
    .target(name: "OAuth", dependencies: ["AccessToken", "JOSE", "Libcrypto"], swiftSettings: strict),
    .target(name: "Signing", dependencies: ["OAuth", "JOSE", "Libcrypto"], swiftSettings: strict),
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
    tests("Libcrypto", []),
    tests("JOSE", ["Libcrypto"]),
    tests("AccessToken", ["JOSE", "Libcrypto"]),
    tests("OAuth", ["AccessToken", "JOSE", "Libcrypto"]),
    tests("Signing", ["OAuth", "AccessToken", "JOSE", "Libcrypto"]),
]

func tests(_ target: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: target + "Tests", dependencies: [.byName(name: target), "TestSupport"] + dependencies,
        swiftSettings: strict)
}

let package = Package(
    name: "writ",
    platforms: [.macOS(.v26)],
    targets: core,
    swiftLanguageModes: [.v6]
)
