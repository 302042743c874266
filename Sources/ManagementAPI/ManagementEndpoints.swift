public import RequestPipeline

/// The management plane: what operators, log-in libraries and officers need beside the protocol's data plane.
public enum ManagementEndpoints {
    /// All routes of the plane.
    /// - Parameter node: the node that they are served by.
    public static func all(node: any NodeControl) -> [Endpoint] {
        TokenEndpoints.endpoints + NodeStatusEndpoints.endpoints(node: node) + PrincipalEndpoints.endpoints
            + UnsealEndpoints.endpoints(node: node) + CloudMetadata.endpoints + SubscriptionEndpoints.endpoints
            + DirectoryEndpoints.endpoints + NodeEndpoints.endpoints(node: node) + JobEndpoints.endpoints
            + RootChangeEndpoints.endpoints(node: node) + AutoUnsealEndpoints.endpoints(node: node)
            + PeerUnsealEndpoints.endpoints(node: node) + KeyEncryptionEndpoints.endpoints
            + RestoreOrderEndpoints.endpoints + OpenAPIEndpoint.endpoints
    }
}
