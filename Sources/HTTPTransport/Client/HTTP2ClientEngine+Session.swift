import CNghttp2

/// How the client's session is set up, and the C callbacks that lead back into the engine, borrowed without a retain.
extension HTTP2ClientEngine {
    /// Bytes of responses that the server may send ahead, over all streams and in each.
    private static let connectionWindow: Int32 = 1 << 20
    private static let streamWindow = 1 << 18

    static func makeSession(userData: UnsafeMutableRawPointer) throws(TransportError) -> OpaquePointer {
        let session = try HTTP2Session.make(
            nghttp2_session_client_new2, userData: userData,
            settings: [
                HTTP2Session.setting(NGHTTP2_SETTINGS_ENABLE_PUSH, 0),
                HTTP2Session.setting(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, streamWindow),
            ], setCallbacks: setCallbacks)
        let flags = UInt8(NGHTTP2_FLAG_NONE.rawValue)
        guard nghttp2_session_set_local_window_size(session, flags, 0, connectionWindow) == 0 else {
            nghttp2_session_del(session)
            throw .configuration(reason: "libnghttp2 refuses the connection's window")
        }
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
