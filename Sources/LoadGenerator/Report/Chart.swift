/// A line chart as SVG, drawn without any script or file from elsewhere.
struct Chart {
    struct Series {
        let name: String
        /// `nil` interrupts the line.
        let values: [Double?]
    }

    enum Scale {
        case linear
        case logarithmic
    }

    /// What stands for several values where there are more than a chart has room for.
    enum Merging {
        case mean
        case highest
    }

    /// More values make no finer line.
    static let mostValues = 1000
    private static let (width, height) = (860.0, 260.0)
    private static let (left, right, top, bottom) = (70.0, 150.0, 16.0, 34.0)
    private static let colours = ["#1b6ca8", "#d1495b", "#2e8b57", "#e39c12", "#6c4f9c", "#4d4d4d", "#00a6a6"]

    let title: String
    let unit: String
    var scale = Scale.linear
    var merging = Merging.mean
    let series: [Series]
    /// Labels of the horizontal axis, by position from 0 to 1.
    let ticks: [(position: Double, label: String)]
    /// Vertical lines, by position from 0 to 1.
    var marks: [Double] = []
    var format: (Double) -> String = { Figures.whole($0) }

    var svg: String {
        let drawn = series.map { Self.thinned($0.values, merging) }
        let values = drawn.flatMap { $0.compactMap { $0 } }
        let highest = max(values.max() ?? 1, 1e-9)
        let lowest = scale == .linear ? 0 : max(1, values.filter { $0 > 0 }.min() ?? 1)
        let levels = scale == .linear ? Self.linearLevels(highest) : Self.logarithmicLevels(lowest, highest)
        let (floor, ceiling) = (levels.first ?? 0, max(levels.last ?? 1, highest))
        func y(_ value: Double) -> Double {
            let share =
                scale == .linear
                ? (value - floor) / max(ceiling - floor, 1e-12)
                : (Self.log2(max(value, floor)) - Self.log2(floor)) / max(Self.log2(ceiling) - Self.log2(floor), 1e-12)
            return Self.height - Self.bottom - share * (Self.height - Self.top - Self.bottom)
        }
        let merged = series.map { Self.group($0.values.count) }.max() ?? 1
        let note = merged > 1 ? ", each point the \(merging) of \(merged)" : ""
        var parts = [
            "<figure><figcaption>\(Markup.escape(title)) (\(Markup.escape(unit))\(note))</figcaption>",
            "<svg viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" role=\"img\">",
        ]
        for level in levels {
            parts.append(Self.line(Self.left, y(level), Self.width - Self.right, y(level), "#ddd"))
            parts.append(Self.text(Self.left - 6, y(level) + 4, format(level), anchor: "end"))
        }
        for tick in ticks {
            parts.append(Self.text(x(tick.position), Self.height - Self.bottom + 18, tick.label, anchor: "middle"))
        }
        for mark in marks {
            parts.append(Self.line(x(mark), Self.top, x(mark), Self.height - Self.bottom, "#d1495b", dash: true))
        }
        for (index, one) in series.enumerated() {
            let colour = Self.colours[index % Self.colours.count]
            parts += lines(drawn[index], colour, y)
            let row = Self.top + 14 + 18 * Double(index)
            let key = Self.width - Self.right + 12
            parts.append(Self.line(key, row - 4, key + 18, row - 4, colour))
            parts.append(Self.text(key + 24, row, one.name, anchor: "start"))
        }
        return (parts + ["</svg></figure>"]).joined(separator: "\n")
    }

    private func x(_ position: Double) -> Double { Self.left + position * (Self.width - Self.left - Self.right) }

    /// How many values one point stands for.
    private static func group(_ count: Int) -> Int { max(1, (count + mostValues - 1) / mostValues) }

    /// As many values as there is room for. The seconds of a day would make a page that no browser likes to show.
    static func thinned(_ values: [Double?], _ merging: Merging) -> [Double?] {
        let size = group(values.count)
        guard size > 1 else { return values }
        return stride(from: 0, to: values.count, by: size).map { start in
            let known = values[start..<min(start + size, values.count)].compactMap { $0 }
            switch merging {
            case .mean: return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
            case .highest: return known.max()
            }
        }
    }

    private func lines(_ values: [Double?], _ colour: String, _ y: (Double) -> Double) -> [String] {
        var runs: [[String]] = [[]]
        let last = Double(max(1, values.count - 1))
        for (index, value) in values.enumerated() {
            if let value {
                let across = Figures.fixed(x(Double(index) / last), 1)
                runs[runs.count - 1].append("\(across),\(Figures.fixed(y(value), 1))")
            } else if runs.last?.isEmpty == false {
                runs.append([])
            }
        }
        return runs.filter { !$0.isEmpty }.map { points in
            "<polyline fill=\"none\" stroke=\"\(colour)\" stroke-width=\"1.6\" "
                + "points=\"\(points.joined(separator: " "))\"/>"
        }
    }

    private static func line(
        _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ colour: String, dash: Bool = false
    ) -> String {
        let ends = [("x1", x1), ("y1", y1), ("x2", x2), ("y2", y2)].map { "\($0)=\"\(Figures.fixed($1, 1))\"" }
        return "<line \(ends.joined(separator: " ")) stroke=\"\(colour)\"\(dash ? " stroke-dasharray=\"4 3\"" : "")/>"
    }

    private static func text(_ x: Double, _ y: Double, _ text: String, anchor: String) -> String {
        "<text x=\"\(Figures.fixed(x, 1))\" y=\"\(Figures.fixed(y, 1))\" text-anchor=\"\(anchor)\">"
            + "\(Markup.escape(text))</text>"
    }

    /// Round numbers from 0 to the highest value or a little more.
    static func linearLevels(_ highest: Double) -> [Double] {
        var step = 1e-9
        while step * 5 < highest {
            for factor in [2.0, 2.5, 2.0] where step * 5 < highest { step *= factor }
        }
        return (0...5).map { Double($0) * step }
    }

    /// Powers of ten around the values.
    static func logarithmicLevels(_ lowest: Double, _ highest: Double) -> [Double] {
        var level = 1.0
        while level * 10 <= lowest { level *= 10 }
        var levels = [level]
        while level < highest {
            level *= 10
            levels.append(level)
        }
        return levels
    }

    private static func log2(_ value: Double) -> Double {
        // Exponent and significand: exact enough to draw, and needs no mathematics library.
        let significand = value.significand - 1
        return Double(value.exponent) + significand * (1.3465 - 0.3465 * significand)
    }
}

/// Text within HTML and SVG.
enum Markup {
    static func escape(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
        return result
    }
}
