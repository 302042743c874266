import CNghttp2

/// Decodes single header fields that refer to no table that changes, with libnghttp2. One serves all connections of a
/// loop.
final class FieldDecoder {
    /// Nil while there is none, or memory for none.
    private var inflater: OpaquePointer?

    deinit {
        if let inflater { nghttp2_hd_inflate_del(inflater) }
    }

    /// The value of a field, or nil if libnghttp2 can't decode it.
    func value(of field: UnsafeRawBufferPointer) -> [UInt8]? {
        guard let start = field.bindMemory(to: UInt8.self).baseAddress else { return nil }
        if inflater == nil, nghttp2_hd_inflate_new(&inflater) != 0 { inflater = nil }
        guard let inflater else { return nil }
        var decoded = nghttp2_nv()
        var flags: Int32 = 0
        let used = nghttp2_hd_inflate_hd2(inflater, &decoded, &flags, start, field.count, 1)
        guard used == field.count, flags & Int32(NGHTTP2_HD_INFLATE_EMIT.rawValue) != 0 else {
            // An inflater that has failed once refuses all that follows.
            nghttp2_hd_inflate_del(inflater)
            self.inflater = nil
            return nil
        }
        let value = Array(UnsafeBufferPointer(start: decoded.value, count: decoded.valuelen))
        nghttp2_hd_inflate_end_headers(inflater)
        return value
    }
}
