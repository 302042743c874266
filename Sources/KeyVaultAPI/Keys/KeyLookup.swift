import AccessControl
import CryptographicModule
import PoolState
import RequestPipeline
import StrictJSON

/// Finds the key that a request's path names.
enum KeyLookup {
    /// The path's key name, valid for a new key.
    static func newName(_ context: RequestContext) throws(APIError) -> String {
        guard let name = context.parameters["name"], KeyName.isValid(name) else {
            throw .badParameter("The key's name must have 1 to 127 characters of 0-9, a-z, A-Z and '-'.")
        }
        return name
    }

    static func notFound(_ context: RequestContext, collection: String = "keys") -> APIError {
        // Only a well-formed name is repeated in the answer.
        let name = context.parameters["name"].flatMap { KeyName.isValid($0) ? $0 : nil } ?? "?"
        return .notFound("KeyNotFound", "Key not found: \(context.host.baseURL)/\(collection)/\(name)")
    }

    /// A key that isn't deleted.
    static func live(_ context: RequestContext) throws(APIError) -> KeyRecord {
        guard let name = context.parameters["name"], let key = context.view.key(name) else {
            throw notFound(context)
        }
        return key
    }

    static func deleted(_ context: RequestContext) throws(APIError) -> KeyRecord {
        guard let name = context.parameters["name"], let key = context.view.state.deletedKey(name) else {
            throw notFound(context, collection: "deletedkeys")
        }
        return key
    }

    /// The version that the path names; the latest where it names none.
    static func version(_ context: RequestContext) throws(APIError) -> KeyVersionRecord {
        let key = try live(context)
        guard let text = context.parameters["version"] else { return key.latest }
        guard let id = Hexadecimal.decode(text), let version = key.version(id) else {
            let name = "\(context.host.baseURL)/keys/\(key.name)"
            throw .notFound(
                "KeyNotFound", "Key not found: \(name) has no such version. Its versions are at \(name)/versions.")
        }
        return version
    }
}
