import CNghttp2

/// How the session is set up, and the C callbacks that lead back into the engine.
///
/// Each callback borrows the engine through an unmanaged reference without a retain: the engine outlives the session,
/// which it deletes itself. None of them calls `mem_recv`, `mem_send` or `del`, which libnghttp2 forbids.
extension HTTP2ServerEngine {
    static func makeSession(
        limits: TransportLimits, userData: UnsafeMutableRawPointer
    ) throws(TransportError) -> OpaquePointer {
        try HTTP2Session.make(
            nghttp2_session_server_new2, userData: userData,
            settings: [
                HTTP2Session.setting(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.maximumConcurrentStreams),
                HTTP2Session.setting(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits.maximumHeaderListBytes),
                // RFC 9218 replaced the priorities of RFC 7540; without this the library keeps a tree of streams for
                // them.
                HTTP2Session.setting(NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1),
            ],
            setOptions: { options in
                nghttp2_option_set_stream_reset_rate_limit(
                    options, UInt64(limits.streamResetBurst), UInt64(limits.streamResetRate))
                nghttp2_option_set_max_continuations(options, limits.maximumContinuations)
                nghttp2_option_set_max_outbound_ack(options, limits.maximumOutboundAcknowledgements)
                nghttp2_option_set_max_settings(options, limits.maximumSettings)
            }, setCallbacks: setCallbacks)
    }

    private static func setCallbacks(_ callbacks: OpaquePointer?) {
        nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks) { _, header, userData in
            withEngine(userData) { $0.frameBegins(header) }
        }
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, userData in
            withEngine(userData) { $0.headersBegin(frame) }
        }
        nghttp2_session_callbacks_set_on_header_callback(callbacks) {
            _, _, name, nameCount, value, valueCount, _, data in
            withEngine(data) {
                $0.headerReceived(
                    name: UnsafeRawBufferPointer(start: name, count: nameCount),
                    value: UnsafeRawBufferPointer(start: value, count: valueCount))
            }
        }
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) { _, _, stream, data, count, userData in
            withEngine(userData) {
                $0.bodyReceived(stream: stream, UnsafeRawBufferPointer(start: data, count: count))
            }
        }
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, userData in
            withEngine(userData) { $0.frameReceived(frame) }
        }
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, stream, _, userData in
            withEngine(userData) { $0.streamClosed(stream) }
        }
    }

    /// The record of an open stream.
    func record(of stream: Int32) -> StreamRecord? {
        guard let session, let pointer = nghttp2_session_get_stream_user_data(session, stream) else { return nil }
        return Unmanaged<StreamRecord>.fromOpaque(pointer).takeUnretainedValue()
    }
}

/// Borrows the engine that a callback belongs to. A free function, since a C callback can't capture a type.
private func withEngine(_ userData: UnsafeMutableRawPointer?, _ body: (HTTP2ServerEngine) -> Int32) -> Int32 {
    guard let userData else { return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue }
    return Unmanaged<HTTP2ServerEngine>.fromOpaque(userData)._withUnsafeGuaranteedRef(body)
}
