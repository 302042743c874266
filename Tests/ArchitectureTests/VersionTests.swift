import Testing

/// The daemon and the tool share no target that knows what a version is, and the description of the API is a document:
/// each says the version for itself.
@Suite struct VersionTests {
    private static let places = [
        "Sources/HSMService/Composition/NodeService.swift", "Sources/hsmctl/HSMControl.swift",
        "Sources/ManagementAPI/OpenAPI/OpenAPIDocument.generated.swift",
    ]

    @Test func theyAllSayTheSame() {
        let tree = SourceTree.shared
        let found = (tree.files + tree.generated).filter { Self.places.contains($0.path) }.flatMap { file in
            file.lines.compactMap { line in
                line.firstMatch(of: /^ +(?:(?:public )?static let version = |"version": )"(\d+\.\d+\.\d+)",?$/)?.1
            }
        }
        #expect(found.count == Self.places.count && Set(found).count == 1, "\(found)")
    }
}
