import Backup

/// What S3-compatible stores say, in their forms of XML: single words out of them, nothing else.
enum S3Answer {
    /// The text of the first element of this name.
    ///
    /// - Returns: nil where there is none, or it is longer than 1024 bytes, or holds more than plain text.
    static func text(of element: String, in body: [UInt8]) -> String? {
        let text = String(decoding: body.prefix(StoreClient.formLimit), as: UTF8.self)
        guard let start = text.range(of: "<\(element)>"),
            let end = text.range(of: "</\(element)>", from: start.upperBound)
        else { return nil }
        let found = text[start.upperBound..<end.lowerBound]
        let isPlain = found.utf8.allSatisfy { (0x21...0x7e).contains($0) && !"<>&\"'".utf8.contains($0) }
        return (1...1024).contains(found.utf8.count) && isPlain ? String(found) : nil
    }

    /// The store's own word for what went wrong, with the status; its sentences are for its own people.
    static func code(_ answer: StoreAnswer) -> String {
        guard let word = text(of: "Code", in: answer.body), word.utf8.count <= 64,
            word.utf8.allSatisfy({ (0x41...0x5a).contains($0 & 0xdf) || (0x30...0x39).contains($0) })
        else { return "" }
        return word
    }

    /// Some stores begin an answer as good before they know that it isn't.
    static func isError(_ answer: StoreAnswer) -> Bool { answer.status >= 300 || !code(answer).isEmpty }

    /// Whether what was to go is gone, by this request or, as this word says, by an earlier one.
    static func isGone(_ answer: StoreAnswer, _ word: String) -> Bool { !isError(answer) || code(answer) == word }

    /// - Parameter what: what was asked for, for errors.
    static func verdict(_ answer: StoreAnswer, bucket: String, what: String) -> StoreVerdict {
        let word = code(answer)
        let code = word.isEmpty ? "status \(answer.status)" : "\(answer.status) \(word)"
        switch word {
        case "NoSuchBucket": return .refused(.notFound("bucket '\(bucket)'"))
        // Of temporary credentials, with the status of a malformed request.
        case "ExpiredToken", "InvalidToken", "TokenRefreshRequired":
            return .refused(.denied(code, of: .storeCredentials))
        case "RequestTimeTooSkewed", "RequestExpired": return .refused(.clockSkew)
        case "AuthorizationHeaderMalformed", "PermanentRedirect", "TemporaryRedirect":
            return .refused(.failed("the bucket is of another region (\(code)): correct 'region' and 'endpoint'"))
        case "QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "InsufficientStorage":
            return .refused(.full)
        // Two uploads of the same name at once: the other one may have won.
        case "ConditionalRequestConflict", "OperationAborted": return .mayPass(.exists("backup of this name"))
        case "SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout": return .mayPass(.unreachable(code))
        default: break
        }
        switch answer.status {
        case 206: return .otherPart
        case 401, 403: return .refused(.denied(code, of: .storeCredentials))
        case 404: return .refused(.notFound(what))
        case 412: return .refused(.exists("backup of this name"))
        case 507: return .refused(.full)
        default: return answer.mayPass ? .mayPass(.unreachable(code)) : .refused(.failed(code))
        }
    }
}

extension String {
    /// The first place of a text, from an index on.
    fileprivate func range(of text: String, from start: Index? = nil) -> Range<Index>? {
        self[(start ?? startIndex)...].firstRange(of: text)
    }
}
