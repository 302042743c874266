/// One stream of a server's HTTP/2 connection. Records live as long as their engine and are used again; libnghttp2
/// holds unretained pointers to them.
final class StreamRecord {
    enum Phase {
        /// Belongs to no stream.
        case free
        case receivingHeaders
        case receivingBody
        /// Complete, and waiting for its turn with the sink.
        case ready
        /// The sink has it.
        case handling
        /// The answer is with libnghttp2, wholly or in part not yet sent.
        case responding
        /// The answer is out, and the rest of a refused request still comes in and is thrown away. Clients that are
        /// reset in the middle of sending tend to miss the answer, so they get a while to end by themselves.
        case lingering
    }

    var id: Int32 = 0
    var phase = Phase.free
    /// When the request's deadline, and later the deadline of its answer, began to run; or will, for an answer earns
    /// time (`Pace`).
    var since: UInt64 = 0

    var method: HTTPMethod?
    var target: RequestTarget?
    var authority = ""
    var fields = HTTPFields()
    var headerListBytes = 0
    var fieldCount = 0
    var isRequestComplete = false
    /// Set by the first thing wrong with the header block; answered when the block has ended.
    var refusal: Refusal?

    var body: [UInt8] = []
    var bodyLimit = 0
    /// What the connection's budget has of the request while the body comes.
    var heldBytes = 0

    var response: [UInt8] = []
    var responseOffset = 0
    /// Bytes of the body that came after the refusal.
    var discardedBytes = 0

    func begin(id: Int32, now: UInt64) {
        self.id = id
        phase = .receivingHeaders
        since = now
        fields.reserve(bytes: 512, fields: 16)
    }

    func end() {
        phase = .free
        id = 0
        method = nil
        target = nil
        authority = ""
        fields = HTTPFields()
        headerListBytes = 0
        fieldCount = 0
        isRequestComplete = false
        refusal = nil
        body = []
        bodyLimit = 0
        heldBytes = 0
        response = []
        responseOffset = 0
        discardedBytes = 0
    }
}
