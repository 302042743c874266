import CNghttp2

/// How a session of libnghttp2 begins, on either side of a connection.
enum HTTP2Session {
    /// `nghttp2_session_server_new2` or `nghttp2_session_client_new2`.
    typealias Maker = (
        UnsafeMutablePointer<OpaquePointer?>?, OpaquePointer?, UnsafeMutableRawPointer?, OpaquePointer?
    ) -> Int32

    /// - Parameters:
    ///   - userData: what each callback gets, and has to outlive the session.
    ///   - settings: what the peer is told first.
    ///   - setOptions: what else the library has to keep to; it forgets closed streams in any case.
    /// - Returns: a session that the caller has to delete with `nghttp2_session_del`.
    /// - Throws: `TransportError.configuration` if libnghttp2 is out of memory, or refuses the settings.
    static func make(
        _ make: Maker, userData: UnsafeMutableRawPointer, settings: [nghttp2_settings_entry],
        setOptions: (OpaquePointer?) -> Void = { _ in }, setCallbacks: (OpaquePointer?) -> Void
    ) throws(TransportError) -> OpaquePointer {
        var callbacks: OpaquePointer?
        var options: OpaquePointer?
        var session: OpaquePointer?
        defer {
            nghttp2_session_callbacks_del(callbacks)
            nghttp2_option_del(options)
        }
        guard nghttp2_session_callbacks_new(&callbacks) == 0, nghttp2_option_new(&options) == 0 else {
            throw .configuration(reason: "libnghttp2 is out of memory")
        }
        nghttp2_option_set_no_closed_streams(options, 1)
        setOptions(options)
        setCallbacks(callbacks)
        guard make(&session, callbacks, userData, options) == 0, let session else {
            throw .configuration(reason: "libnghttp2 is out of memory")
        }
        guard nghttp2_submit_settings(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), settings, settings.count) == 0 else {
            nghttp2_session_del(session)
            throw .configuration(reason: "libnghttp2 refuses the settings")
        }
        return session
    }

    /// One of the settings of RFC 9113 section 6.5.2; what is too large for it is the largest that it can be.
    static func setting(_ id: nghttp2_settings_id, _ value: Int) -> nghttp2_settings_entry {
        nghttp2_settings_entry(settings_id: Int32(id.rawValue), value: UInt32(clamping: value))
    }
}
