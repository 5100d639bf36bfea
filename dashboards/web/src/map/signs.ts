/** Turns the signs of the states into images for the map: no sprite server, no file to fetch. */
import type { Map as GlMap } from 'maplibre-gl'
import { ARROW, SHAPES } from '../shapes.ts'
import { STATES } from '../store/freshness.ts'
import type { Palette } from './palette.ts'

const BOX = 24 // the side of the signs' own box
// Sides on the map in pixels. A sign's is as small as it can be, because labels keep clear of it; the arrow turns outside it.
const SIGN = 24
const ARROWED = 48
const SHARP = 2 // drawn at twice the size, for dense screens

function draw(side: number, paint: (context: CanvasRenderingContext2D) => void): ImageData {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = side * SHARP
  const context = canvas.getContext('2d')
  if (context === null) throw new Error('this browser gives no 2D canvas')
  context.scale(SHARP, SHARP)
  context.translate((side - BOX) / 2, (side - BOX) / 2)
  context.lineCap = context.lineJoin = 'round'
  paint(context)
  return context.getImageData(0, 0, canvas.width, canvas.height)
}

function put(map: GlMap, name: string, image: ImageData): void {
  if (map.hasImage(name)) map.updateImage(name, image)
  else map.addImage(name, image, { pixelRatio: SHARP })
}

const SQUARE = 'M5 5h14v14h-14z'
const STROKE = 'M12 8.500v4.500M12 15.700v.3'

/** Draw all signs in these colours; called again when the colours change. */
export function putSigns(map: GlMap, palette: Palette): void {
  for (const state of STATES) {
    const { fill, stroke, dash } = SHAPES[state]
    put(
      map,
      `sign-${state}`,
      draw(SIGN, (context) => {
        const outline = new Path2D(stroke)
        context.lineWidth = 5
        context.strokeStyle = palette.ground
        context.stroke(outline)
        context.fillStyle = palette.disc
        context.fill(new Path2D(SHAPES.stale.stroke))
        context.strokeStyle = context.fillStyle = palette.state[state]
        context.lineWidth = 2.2
        if (dash !== null) context.setLineDash(dash)
        if (fill !== null) context.fill(new Path2D(fill))
        context.stroke(outline)
      }),
    )
    put(
      map,
      `arrow-${state}`,
      draw(ARROWED, (context) => {
        context.fillStyle = palette.state[state]
        context.fill(new Path2D(ARROW))
      }),
    )
  }
  for (const [urgency, colour] of Object.entries(palette.urgency)) {
    put(
      map,
      `incident-${urgency}`,
      draw(SIGN, (context) => {
        context.translate(BOX / 2, BOX / 2)
        context.rotate(Math.PI / 4) // on its corner, as signs of danger stand
        context.translate(-BOX / 2, -BOX / 2)
        context.lineWidth = 3
        context.strokeStyle = palette.ground
        context.fillStyle = colour
        context.stroke(new Path2D(SQUARE))
        context.fill(new Path2D(SQUARE))
        context.translate(BOX / 2, BOX / 2)
        context.rotate(-Math.PI / 4)
        context.translate(-BOX / 2, -BOX / 2)
        context.lineWidth = 2.4
        context.stroke(new Path2D(STROKE))
      }),
    )
  }
}
