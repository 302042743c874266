// swift-tools-version: 6.1
import PackageDescription

/// Every target is built in the Swift 6 language mode with the same upcoming features, so that a file moves between
/// targets unchanged.
let common: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// The consensus core, the pool's state and their simulator run millions of steps in the suite: they are optimised in
/// debug builds too.
/// `PLANTED_FAULTS` compiles in the known bugs that the simulator has to find; no release build contains them.
let simulated: [SwiftSetting] =
    common + [
        .define("PLANTED_FAULTS", .when(configuration: .debug)),
        .unsafeFlags(["-O"], .when(configuration: .debug)),
    ]

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let sqlite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")
let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")
let deques: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let persistentCollections: Target.Dependency = .product(name: "HashTreeCollections", package: "swift-collections")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let histogram: Target.Dependency = .product(name: "Histogram", package: "hdrhistogram-swift")
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")

let package = Package(
    name: "quorate",
    products: [
        .executable(name: "hsmd", targets: ["hsmd"]),
        .executable(name: "hsmctl", targets: ["hsmctl"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio.git", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", exact: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift.git", exact: "7.10.0"),
        .package(url: "https://github.com/apple/swift-protobuf.git", exact: "1.39.0"),
        .package(url: "https://github.com/apple/swift-collections.git", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log.git", exact: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", exact: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams.git", exact: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client.git", exact: "1.37.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift.git", exact: "0.2.0"),
    ],
    targets: [
        // Floor 5: argument parsing and composition.
        .executableTarget(
            name: "hsmd",
            dependencies: [
                "HSMService", "HardwareTokens", "CryptographicModule", arguments, logging, lifecycle, signals,
            ],
            swiftSettings: common),
        .executableTarget(
            name: "hsmctl",
            dependencies: [
                "LoadGenerator", "SecurityDomain", "Backup", "Audit", "Attestation", "CryptographicModule",
                "StrictJSON", arguments, httpClient, nioCore, nioHTTP1, nioSSL, signals, yams,
            ],
            swiftSettings: common),

        // Floor 4: load from clients; one node on a real machine; the same node in a simulated world.
        .target(
            name: "LoadGenerator", dependencies: ["HTTPTransport", "StrictJSON", histogram, nioCore, nioPosix],
            swiftSettings: common),
        .target(
            name: "HSMService",
            dependencies: [
                "HSMNode", "KeyVaultAPI", "ManagementAPI", "RequestPipeline", "HTTPTransport", "Replication",
                "Identity", "Backup", "BackupStores", "HardwareTokens",
                "Audit", "SecurityDomain", "PoolState", "AccessControl", "CryptographicModule", "NodeEnvironment",
                "Raft", "StrictJSON",
                nioCore, nioPosix, logging, lifecycle, signals, yams, deques,
            ],
            swiftSettings: common),
        .target(
            name: "PoolSimulator",
            dependencies: [
                "HSMNode", "PoolState", "AccessControl", "CryptographicModule", "NodeEnvironment", "Raft",
            ],
            swiftSettings: simulated),

        .executableTarget(name: "simulate", dependencies: ["PoolSimulator", arguments], swiftSettings: simulated),

        // Floor 3: the driver, and the two planes of the API.
        .target(
            name: "HSMNode",
            dependencies: ["PoolState", "NodeEnvironment", "Raft"],
            swiftSettings: simulated),
        .target(
            name: "KeyVaultAPI",
            dependencies: [
                "RequestPipeline", "HTTPTransport", "PoolState", "SecurityDomain", "Identity", "Attestation", "Backup",
                "AccessControl", "CryptographicModule", "StrictJSON", "CivilDates", logging,
            ],
            swiftSettings: common),
        .target(
            name: "ManagementAPI",
            dependencies: [
                "RequestPipeline", "HTTPTransport", "PoolState", "SecurityDomain", "Identity", "AccessControl",
                "CryptographicModule", "StrictJSON",
            ],
            swiftSettings: common),
        .target(
            name: "RequestPipeline",
            dependencies: [
                "HTTPTransport", "PoolState", "Identity", "Audit", "AccessControl", "CryptographicModule",
                "SecurityDomain",
                "StrictJSON", logging,
            ],
            swiftSettings: common),

        // Floor 2: the outside world.
        .target(
            name: "HTTPTransport",
            dependencies: ["CivilDates", "CNghttp2", nioCore, nioPosix, nioHTTP1, nioTLS, nioSSL],
            swiftSettings: common),
        .target(
            name: "BackupStores",
            dependencies: [
                "Backup", "CryptographicModule", "StrictJSON", httpClient, nioCore, nioPosix, nioHTTP1, nioSSL,
            ],
            swiftSettings: common),
        .target(
            name: "Replication",
            dependencies: [
                "Raft", "NodeEnvironment", "CryptographicModule", "ProtobufCoding", grdb, sqlite, protobuf, nioCore,
                nioPosix, nioTLS, nioSSL, logging,
            ],
            exclude: ["Schema/replication.proto", "DESIGN.md"],
            swiftSettings: common),

        // Floor 1: state, secrets, identities, evidence.
        .target(
            name: "PoolState",
            dependencies: [
                "AccessControl", "CryptographicModule", "CivilDates", "ProtobufCoding", protobuf, persistentCollections,
            ],
            exclude: ["Schema/pool.proto"],
            swiftSettings: simulated),
        .target(name: "SecurityDomain", dependencies: ["CryptographicModule", "StrictJSON"], swiftSettings: common),
        .target(
            name: "HardwareTokens", dependencies: ["CPKCS11", "CryptographicModule"],
            swiftSettings: common),
        .target(
            name: "Backup", dependencies: ["PoolState", "SecurityDomain", "CryptographicModule"],
            swiftSettings: common),
        .target(name: "Identity", dependencies: ["CryptographicModule", "StrictJSON"], swiftSettings: common),
        .target(
            name: "Audit", dependencies: ["CryptographicModule", "StrictJSON", "CivilDates"], swiftSettings: common),
        .target(name: "Attestation", dependencies: ["CryptographicModule", "StrictJSON"], swiftSettings: common),
        .target(name: "NodeEnvironment", dependencies: ["Raft"], swiftSettings: simulated),

        // Floor 0: pure cores, and the system libraries.
        .target(name: "CivilDates", swiftSettings: common),
        .target(name: "StrictJSON", swiftSettings: common),
        .target(name: "ProtobufCoding", swiftSettings: simulated),
        .target(name: "Raft", swiftSettings: simulated),
        .target(name: "AccessControl", dependencies: [persistentCollections], swiftSettings: simulated),
        .target(name: "CryptographicModule", dependencies: ["COpenSSL"], swiftSettings: common),
        .target(name: "COpenSSL", linkerSettings: [.linkedLibrary("crypto")]),
        .target(name: "CPKCS11"),
        .systemLibrary(
            name: "CNghttp2", path: "Sources/CNghttp2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),

        // Tests mirror the targets.
        .testTarget(name: "RaftTests", dependencies: ["Raft"], swiftSettings: simulated),
        .testTarget(name: "RaftTraceTests", dependencies: ["Raft"], exclude: ["Traces"], swiftSettings: simulated),
        .testTarget(name: "AccessControlTests", dependencies: ["AccessControl"], swiftSettings: common),
        .testTarget(
            name: "CryptographicModuleTests", dependencies: ["CryptographicModule", "COpenSSL"], exclude: ["Vectors"],
            swiftSettings: common),
        .testTarget(
            name: "PoolStateTests",
            dependencies: ["RequestTesting", "PoolState", "AccessControl", "CryptographicModule", protobuf],
            swiftSettings: common),
        .testTarget(
            name: "SecurityDomainTests", dependencies: ["SecurityDomain", "CryptographicModule", "StrictJSON"],
            exclude: ["Vectors", "Interop"], swiftSettings: common),
        .testTarget(
            name: "BackupTests",
            dependencies: ["Backup", "PoolState", "SecurityDomain", "AccessControl", "CryptographicModule"],
            swiftSettings: common),
        .testTarget(
            name: "BackupStoresTests",
            dependencies: ["BackupStores", "Backup", "CryptographicModule", "StrictJSON", "RequestTesting"],
            swiftSettings: common),
        .testTarget(
            name: "IdentityTests", dependencies: ["Identity", "CryptographicModule", "StrictJSON"],
            swiftSettings: common),
        .testTarget(
            name: "AttestationTests", dependencies: ["Attestation", "CryptographicModule", "StrictJSON"],
            swiftSettings: common),
        .testTarget(
            name: "AuditTests", dependencies: ["Audit", "CryptographicModule", "StrictJSON"], swiftSettings: common),
        .testTarget(
            name: "HTTPTransportTests", dependencies: ["HTTPTransport", "CNghttp2", nioCore, nioPosix, nioEmbedded],
            swiftSettings: common),
        .testTarget(
            name: "ReplicationTests",
            dependencies: [
                "Replication", "Raft", "NodeEnvironment", "CryptographicModule", grdb, protobuf, nioCore, nioPosix,
                nioSSL,
                nioEmbedded, logging,
            ],
            swiftSettings: common),
        .testTarget(
            name: "HSMNodeTests",
            dependencies: [
                "HSMNode", "PoolSimulator", "PoolState", "AccessControl", "CryptographicModule", "NodeEnvironment",
                "Raft",
            ],
            swiftSettings: simulated),
        .testTarget(
            name: "SimulationTests",
            dependencies: ["PoolSimulator", "PoolState", "NodeEnvironment", "Raft"],
            swiftSettings: simulated),
        .testTarget(name: "CivilDatesTests", dependencies: ["CivilDates"], swiftSettings: common),
        .testTarget(name: "StrictJSONTests", dependencies: ["StrictJSON"], swiftSettings: common),
        .testTarget(
            name: "ProtobufCodingTests", dependencies: ["ProtobufCoding", protobuf], swiftSettings: common),
        .target(
            name: "RequestTesting",
            dependencies: [
                "RequestPipeline", "HTTPTransport", "PoolState", "Identity", "Audit",
                "AccessControl", "CryptographicModule", "SecurityDomain", "StrictJSON", logging,
            ],
            path: "Tests/RequestTesting", swiftSettings: common),
        .target(name: "AllocationCounter", path: "Tests/HotPath/AllocationCounter"),
        .executableTarget(
            name: "hot-path",
            dependencies: [
                "AllocationCounter", "RequestTesting", "RequestPipeline", "KeyVaultAPI", "HTTPTransport", "PoolState",
                "Identity", "Audit", "AccessControl", "CryptographicModule", "StrictJSON", arguments,
            ],
            path: "Tests/HotPath/Benchmark", swiftSettings: common),
        .testTarget(
            name: "RequestPipelineTests",
            dependencies: [
                "RequestTesting", "RequestPipeline", "HTTPTransport", "PoolState", "Audit",
                "AccessControl", "CryptographicModule", "SecurityDomain", "StrictJSON",
            ],
            swiftSettings: common),
        .testTarget(
            name: "KeyVaultAPITests",
            dependencies: [
                "RequestTesting", "KeyVaultAPI", "ManagementAPI", "RequestPipeline", "HTTPTransport", "PoolState",
                "Identity", "Attestation", "Audit", "AccessControl", "CryptographicModule", "SecurityDomain",
                "Backup", "BackupStores", "StrictJSON",
            ],
            swiftSettings: common),
        .testTarget(
            name: "HSMServiceTests",
            dependencies: [
                "HSMService", "KeyVaultAPI", "ManagementAPI", "RequestPipeline", "HTTPTransport", "Audit",
                "SecurityDomain", "RequestTesting", "PoolState", "Identity", "CryptographicModule", "StrictJSON",
                "HSMNode", "NodeEnvironment", "Raft", "HardwareTokens", "BackupStores", "Replication", logging,
            ],
            swiftSettings: common),
        .testTarget(
            name: "LoadGeneratorTests",
            dependencies: ["LoadGenerator", "HTTPTransport", "StrictJSON", nioCore, nioPosix, nioEmbedded],
            swiftSettings: common),
        .testTarget(name: "ArchitectureTests", swiftSettings: common),
        .testTarget(
            name: "hsmctlTests",
            dependencies: [
                "hsmctl", "LoadGenerator", "SecurityDomain", "Audit", "CryptographicModule", "StrictJSON", arguments,
                nioHTTP1,
            ],
            swiftSettings: common),
    ]
)

/// The toolchain's own linker: it takes seconds where the system's takes most of a minute.
for target in package.targets where target.type == .executable || target.type == .test {
    target.linkerSettings = [.unsafeFlags(["-use-ld=lld"], .when(platforms: [.linux]))]
}
