import AccessControl
import CryptographicModule
import HTTPTransport
import PoolState
import RequestPipeline
import StrictJSON

/// Get and list: keys, versions, deleted keys.
enum KeyReading {
    static let endpoints = [
        Endpoint(
            .get, "/keys/{name}/{version?}", operation: "KeyGet",
            access: .dataAction(.keysRead, .keyNamed(parameter: "name")), reads: .key(parameter: "name"),
            handler: .inline { context throws(APIError) in
                KeyBundle(context: context).response(try KeyLookup.version(context))
            }),
        Endpoint(
            .get, "/keys", operation: "KeyList", access: .dataAction(.keysRead, .keys),
            handler: .inline { context throws(APIError) in try listKeys(context) }),
        Endpoint(
            .get, "/keys/{name}/versions", operation: "KeyListVersions",
            access: .dataAction(.keysRead, .keyNamed(parameter: "name")), reads: .key(parameter: "name"),
            handler: .inline { context throws(APIError) in try listVersions(context) }),
        Endpoint(
            .get, "/deletedkeys/{name}", operation: "KeyGetDeleted",
            access: .dataAction(.deletedKeysRead, .keyNamed(parameter: "name")), reads: .key(parameter: "name"),
            handler: .inline { context throws(APIError) in
                let key = try KeyLookup.deleted(context)
                return KeyBundle(context: context).response(key.latest, deletion: key.deletion)
            }),
        Endpoint(
            .get, "/deletedkeys", operation: "KeyListDeleted", access: .dataAction(.deletedKeysRead, .keys),
            handler: .inline { context throws(APIError) in try listDeleted(context) }),
    ]

    @Sendable
    private static func listKeys(_ context: RequestContext) throws(APIError) -> APIResponse {
        let page = try Page(context)
        let keys = context.view.state.keys(after: page.after, limit: page.limit + 1)
        let bundle = KeyBundle(context: context)
        return page.response(keys, path: "/keys", nameOf: { $0.name }) { key, writer in
            bundle.item(key.latest, isVersioned: false, &writer)
        }
    }

    @Sendable
    private static func listDeleted(_ context: RequestContext) throws(APIError) -> APIResponse {
        let page = try Page(context)
        let keys = context.view.state.deletedKeys(after: page.after, limit: page.limit + 1)
        let bundle = KeyBundle(context: context)
        return page.response(keys, path: "/deletedkeys", nameOf: { $0.name }) { key, writer in
            bundle.item(key.latest, isVersioned: false, deletion: key.deletion, &writer)
        }
    }

    /// An unknown name answers an empty list, as clients expect.
    @Sendable
    private static func listVersions(_ context: RequestContext) throws(APIError) -> APIResponse {
        let page = try Page(context)
        let name = try KeyLookup.newName(context)
        let key = context.view.key(name)
        var versions = key?.versions ?? []
        if let after = page.after {
            guard let index = versions.firstIndex(where: { Hexadecimal.encode($0.version) == after }) else {
                throw .badParameter("The parameter '$skiptoken' is not one of this list's.")
            }
            versions.removeSubrange(...index)
        }
        let bundle = KeyBundle(context: context)
        return page.response(
            Array(versions.prefix(page.limit + 1)), path: "/keys/\(name)/versions",
            nameOf: { Hexadecimal.encode($0.version) }
        ) { version, writer in
            bundle.item(version, isVersioned: true, &writer)
        }
    }
}

/// One page of a list: `maxresults` from 1 to 25, and a token that names the last element of the page before.
///
/// The link to the next page is followed as it is, or with an `api-version` beside it: the token makes the version
/// optional.
struct Page {
    static let maximum = 25

    let limit: Int
    /// Continue after this element.
    let after: String?
    private let context: RequestContext

    init(_ context: RequestContext) throws(APIError) {
        self.context = context
        if let text = context.query["maxresults"] {
            guard let number = Int(text), (1...Self.maximum).contains(number) else {
                throw .badParameter("The parameter 'maxresults' must be a whole number from 1 to \(Self.maximum).")
            }
            limit = number
        } else {
            limit = Self.maximum
        }
        if let token = context.query["$skiptoken"] {
            guard token.utf8.count <= 256, let bytes = Base64URL.decode(Array(token.utf8)),
                let text = String(validating: bytes, as: UTF8.self)
            else { throw .badParameter("The parameter '$skiptoken' is malformed.") }
            after = text
        } else {
            after = nil
        }
    }

    /// - Parameter elements: up to one more than `limit`; its presence says that there is a next page.
    func response<Element>(
        _ elements: [Element], path: String, nameOf: (Element) -> String, write: (Element, inout JSONWriter) -> Void
    ) -> APIResponse {
        let shown = elements.prefix(limit)
        return .object { writer in
            writer.member("value") { $0.array { writer in for element in shown { write(element, &writer) } } }
            if elements.count > limit, let last = shown.last {
                let token = Base64URL.encode(Array(nameOf(last).utf8))
                writer.member("nextLink", "\(context.host.baseURL)\(path)/?maxresults=\(limit)&$skiptoken=\(token)")
            }
        }
    }
}
