import Raft

enum HoldDisk: Verb {
    static let name = "hold-disk"
    static let usage = "hold-disk ID: the node is not told that its writes are done"

    static func run(_ arguments: Arguments, in world: World) throws {
        try world.node(try arguments.node(0)).diskIsHeld = true
    }
}

enum ReleaseDisk: Verb {
    static let name = "release-disk"
    static let usage = "release-disk ID: the node is told, in order"

    static func run(_ arguments: Arguments, in world: World) throws {
        let node = try world.node(try arguments.node(0))
        node.diskIsHeld = false
        node.confirmWrites()
        world.carryOut(node)
    }
}
