import CNghttp2

/// How the client's session is set up, and the C callbacks that lead back into the engine, borrowed without a retain.
extension HTTP2ClientEngine {
    private static let connectionWindow: Int32 = 1 << 20
    private static let streamWindow: UInt32 = 1 << 18

    static func makeSession(userData: UnsafeMutableRawPointer) throws(TransportError) -> OpaquePointer {
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
        setCallbacks(callbacks)
        guard nghttp2_session_client_new2(&session, callbacks, userData, options) == 0, let session else {
            throw .configuration(reason: "libnghttp2 is out of memory")
        }
        let settings = [
            nghttp2_settings_entry(settings_id: Int32(NGHTTP2_SETTINGS_ENABLE_PUSH.rawValue), value: 0),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue), value: streamWindow),
        ]
        nghttp2_submit_settings(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), settings, settings.count)
        nghttp2_session_set_local_window_size(
            session, UInt8(NGHTTP2_FLAG_NONE.rawValue), 0, connectionWindow)
        return session
    }

    private static func setCallbacks(_ callbacks: OpaquePointer?) {
        nghttp2_session_callbacks_set_on_header_callback(callbacks) {
            _, frame, name, nameCount, value, valueCount, _, data in
            guard let frame else { return 0 }
            return withEngine(data) {
                $0.headerReceived(
                    stream: frame.pointee.hd.stream_id, name: UnsafeRawBufferPointer(start: name, count: nameCount),
                    value: UnsafeRawBufferPointer(start: value, count: valueCount))
            }
        }
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) { _, _, stream, data, count, userData in
            withEngine(userData) {
                $0.bodyReceived(stream: stream, UnsafeRawBufferPointer(start: data, count: count))
            }
        }
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, userData in
            withEngine(userData) {
                if let frame, UInt32(frame.pointee.hd.type) == NGHTTP2_GOAWAY.rawValue { $0.goAwayReceived() }
                return 0
            }
        }
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, stream, code, userData in
            withEngine(userData) { $0.streamClosed(stream, code: code) }
        }
    }
}

/// Borrows the engine that a callback belongs to. A free function, since a C callback can't capture a type.
private func withEngine(_ userData: UnsafeMutableRawPointer?, _ body: (HTTP2ClientEngine) -> Int32) -> Int32 {
    guard let userData else { return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue }
    return Unmanaged<HTTP2ClientEngine>.fromOpaque(userData)._withUnsafeGuaranteedRef(body)
}
