import NIOCore

/// The commands, as arrays of strings with their lengths: whatever is in a string, it ends no command.
enum RESPCommand {
    /// `AUTH password`, or `AUTH username password`.
    static func authenticate(username: String?, password: String) -> ByteBuffer {
        command(["AUTH"] + (username.map { [$0] } ?? []) + [password])
    }

    /// `SELECT database`
    static func select(_ database: Int) -> ByteBuffer { command(["SELECT", String(database)]) }

    /// `SET key 1 NX PX milliseconds`: stores the key for a time unless it is there.
    static func insert(_ key: String, milliseconds: Int64) -> ByteBuffer {
        command(["SET", key, "1", "NX", "PX", String(milliseconds)])
    }

    private static func command(_ parts: [String]) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeString("*\(parts.count)\r\n")
        for part in parts { buffer.writeString("$\(part.utf8.count)\r\n\(part)\r\n") }
        return buffer
    }
}
