import AsyncHTTPClient
import Backup
import CryptographicModule
import NIOCore
import NIOHTTP1
import StrictJSON

/// Signed requests to one bucket.
struct S3Client: Sendable {
    let service: S3Service
    let bucket: String
    let credentials: S3Credentials
    let store: StoreClient

    private struct Call {
        var method: HTTPMethod
        var key: String
        var query: [(name: String, value: String)] = []
        var headers: [(name: String, value: String)] = []
        var body: [UInt8] = []
        /// What is asked for, for errors.
        var what: String
        var limit = StoreClient.formLimit
    }

    // MARK: Objects

    /// Never over an object that is there.
    func put(_ key: String, _ body: [UInt8], mark: String) async throws(BackupStoreFault) {
        _ = try await send(
            Call(
                method: .PUT, key: key, headers: [("if-none-match", "*"), (Self.markHeader, mark)], body: body,
                what: "bucket '\(bucket)'"))
    }

    /// - Returns: fewer bytes than the range has only where the object ends.
    func get(_ key: String, range: ClosedRange<UInt64>, what: String) async throws(BackupStoreFault) -> [UInt8] {
        let call = Call(
            method: .GET, key: key, headers: [("range", "bytes=\(range.lowerBound)-\(range.upperBound)")], what: what,
            limit: max(Int(range.upperBound - range.lowerBound) + 1, StoreClient.formLimit))
        let answer = try await send(call) { ($0.status == 206 && $0.isPart(range)) || $0.status == 416 }
        return answer.status == 416 ? [] : answer.body
    }

    /// What the object was marked with when it was written; nil where there is none.
    func mark(of key: String) async throws(BackupStoreFault) -> String? {
        let answer = try await send(Call(method: .HEAD, key: key, what: "object")) {
            $0.status == 200 || $0.status == 404
        }
        return answer.status == 200 ? answer.headers.first(name: Self.markHeader) : nil
    }

    /// Does nothing where there is none.
    func remove(_ key: String) async throws(BackupStoreFault) {
        _ = try await send(Call(method: .DELETE, key: key, what: "object")) { S3Answer.isGone($0, "NoSuchKey") }
    }

    private static let markHeader = "x-amz-meta-quorate-upload"

    // MARK: Multipart uploads

    /// - Returns: the upload's id.
    func beginUpload(_ key: String, mark: String) async throws(BackupStoreFault) -> String {
        let answer = try await send(
            Call(
                method: .POST, key: key, query: [("uploads", "")], headers: [(Self.markHeader, mark)],
                what: "bucket '\(bucket)'"))
        guard let id = S3Answer.text(of: "UploadId", in: answer.body) else {
            throw .failed("it began an upload without naming it")
        }
        return id
    }

    /// - Parameter number: from 1.
    /// - Returns: the part's entity tag.
    func putPart(
        _ key: String, upload: String, number: Int, _ body: [UInt8]
    ) async throws(BackupStoreFault) -> String {
        let answer = try await send(
            Call(
                method: .PUT, key: key, query: [("partNumber", "\(number)"), ("uploadId", upload)], body: body,
                what: "upload of this backup"))
        let tag = answer.headers.first(name: "etag") ?? ""
        guard (1...256).contains(tag.utf8.count),
            tag.utf8.allSatisfy({ (0x21...0x7e).contains($0) && !"<>&".utf8.contains($0) })
        else { throw .failed("it took a part without an entity tag") }
        return tag
    }

    /// Never over an object that is there.
    func completeUpload(_ key: String, upload: String, tags: [String]) async throws(BackupStoreFault) {
        let parts = tags.enumerated().map { number, tag in
            "<Part><PartNumber>\(number + 1)</PartNumber><ETag>\(tag)</ETag></Part>"
        }
        let body = "<CompleteMultipartUpload>\(parts.joined())</CompleteMultipartUpload>"
        _ = try await send(
            Call(
                method: .POST, key: key, query: [("uploadId", upload)], headers: [("if-none-match", "*")],
                body: Array(body.utf8), what: "upload of this backup"))
    }

    /// Drops the parts. Does nothing where the upload is gone.
    func abortUpload(_ key: String, upload: String) async throws(BackupStoreFault) {
        let call = Call(method: .DELETE, key: key, query: [("uploadId", upload)], what: "upload of this backup")
        _ = try await send(call) { S3Answer.isGone($0, "NoSuchUpload") }
    }

    // MARK: Requests

    private func send(
        _ call: Call, isGood: (StoreAnswer) -> Bool = { !S3Answer.isError($0) }
    ) async throws(BackupStoreFault) -> StoreAnswer {
        let hash = Hexadecimal.encode(Digest.sha256(call.body))
        return try await store.send(limit: call.limit, sending: call.body.count) { () throws(BackupStoreFault) in
            try request(call, hash, at: .now())
        } judge: { answer in
            isGood(answer) ? .good : S3Answer.verdict(answer, bucket: bucket, what: call.what)
        }
    }

    private func request(
        _ call: Call, _ hash: String, at moment: StoreMoment
    ) throws(BackupStoreFault) -> HTTPClientRequest {
        let (authority, path) = service.location(bucket, call.key)
        var headers = call.headers + [("host", authority), ("x-amz-content-sha256", hash), ("x-amz-date", moment.basic)]
        if let token = credentials.sessionToken { headers.append(("x-amz-security-token", token)) }
        let signable = S3Signature.Request(
            method: call.method.rawValue, path: path, query: call.query, headers: headers, payloadHash: hash)
        let authorization: String
        do {
            authorization = try S3Signature(region: service.region).authorization(signable, at: moment, credentials)
        } catch {
            throw .failed("a request to it can't be signed")
        }
        let query = call.query.isEmpty ? "" : "?" + S3Signature.query(call.query)
        var request = HTTPClientRequest(
            url: "https://\(authority)\(PercentEncoding.encode(path, keepingSlashes: true))\(query)")
        request.method = call.method
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.headers.add(name: "authorization", value: authorization)
        request.headers.add(name: "user-agent", value: "quorate")
        if call.method == .PUT || call.method == .POST { request.body = .bytes(ByteBuffer(bytes: call.body)) }
        return request
    }
}
