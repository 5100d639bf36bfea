/** What of a way lies ahead. The gateway sends the way as it was planned; what is driven already would be drawn as if it were still to come. */

const METRES_PER_DEGREE = 111_195

/** Metres from the way beyond which a unit is not on it: all of the way is shown then. */
const OFF_M = 300

/**
 * The way from the point of it that is nearest to the unit, both as [longitude, latitude]. The unit itself is not joined to it: that
 * would draw a road where there may be none.
 */
export function ahead(way: readonly number[][], unit: readonly [number, number]): number[][] {
  const [lng, lat] = unit
  const east = METRES_PER_DEGREE * Math.cos((lat * Math.PI) / 180)
  const flat = way.map(([x = NaN, y = NaN]): [number, number] => [(x - lng) * east, (y - lat) * METRES_PER_DEGREE])
  let best = { away: Infinity, at: 0, part: 0 }
  for (let at = 0; at + 1 < flat.length; at += 1) {
    const [[x1, y1], [x2, y2]] = [flat[at]!, flat[at + 1]!]
    const [dx, dy] = [x2 - x1, y2 - y1]
    const length = dx * dx + dy * dy
    const part = length === 0 ? 0 : Math.min(1, Math.max(0, -(x1 * dx + y1 * dy) / length))
    const away = Math.hypot(x1 + part * dx, y1 + part * dy)
    if (away < best.away) best = { away, at, part }
  }
  if (best.away > OFF_M) return [...way]
  const [from, to] = [way[best.at]!, way[best.at + 1]!]
  const start = from.map((value, axis) => value + best.part * ((to[axis] ?? value) - value))
  return [start, ...way.slice(best.at + 1)]
}
