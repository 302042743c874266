/// Events in order of time; those of one time in the order in which they were added.
struct EventQueue {
    /// Where an event stands. The events themselves don't move, for they are large.
    private struct Item {
        let time: UInt64
        let order: UInt64
        let slot: Int

        func comesBefore(_ other: Item) -> Bool {
            time != other.time ? time < other.time : order < other.order
        }
    }

    /// A binary heap.
    private var items: [Item] = []
    private var slots: [World.Event?] = []
    private var freeSlots: [Int] = []
    private var nextOrder: UInt64 = 0

    mutating func add(_ event: World.Event, at time: UInt64) {
        let slot: Int
        if let free = freeSlots.popLast() {
            slot = free
            slots[slot] = event
        } else {
            slot = slots.count
            slots.append(event)
        }
        items.append(Item(time: time, order: nextOrder, slot: slot))
        nextOrder += 1
        riseLast()
    }

    mutating func next() -> (time: UInt64, event: World.Event)? {
        guard let first = items.first, let event = slots[first.slot] else { return nil }
        slots[first.slot] = nil
        freeSlots.append(first.slot)
        let last = items.removeLast()
        if !items.isEmpty {
            items[0] = last
            sinkFirst()
        }
        return (first.time, event)
    }

    private mutating func riseLast() {
        var child = items.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard items[child].comesBefore(items[parent]) else { return }
            items.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func sinkFirst() {
        var parent = 0
        while true {
            var least = parent
            let left = 2 * parent + 1
            if left < items.count, items[left].comesBefore(items[least]) { least = left }
            if left + 1 < items.count, items[left + 1].comesBefore(items[least]) { least = left + 1 }
            guard least != parent else { return }
            items.swapAt(parent, least)
            parent = least
        }
    }
}
