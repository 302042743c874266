/// What is to be known of frames (RFC 9113 section 4.1).
enum FrameFormat {
    static let prefaceBytes = 24
    static let headBytes = 9
    static let mostBytes = 16_384  // SETTINGS_MAX_FRAME_SIZE, which the server leaves as it is.
    static let headers: UInt8 = 1
    static let endHeaders: UInt8 = 0x4
    static let padded: UInt8 = 0x8
    static let priority: UInt8 = 0x20
    static let priorityBytes = 5
}
