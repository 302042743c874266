import Foundation

/// The three descriptors that a program expects to begin with. It may be started without one (`>&-` in a shell).
enum StandardStreams {
    /// Fills the places of those that are closed, so that no file or connection gets them: a secret's new file that got
    /// the place of standard output would also get what is printed.
    static func fillGaps() {
        // Each the wrong way round, except for messages: what can't be read or written is to fail, and not to be empty
        // or lost.
        let modes = [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_WRONLY)]
        for (descriptor, mode) in modes where fcntl(descriptor, F_GETFD) < 0 {
            // It gets the lowest number that is free, which is this one.
            _ = open("/dev/null", mode)
        }
    }
}
