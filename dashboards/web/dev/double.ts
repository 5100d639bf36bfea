/**
 * Stands in for the gateway while one works on the page: `npm run double`, or `npm run build && npm run preview`.
 *
 * It speaks the gateway's contract with invented units, one for each state. It is no part of what is built or shipped.
 * SIGAP_DOUBLE_REGION names a GeoJSON file to be given as the region; without it there is none.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Plugin, PreviewServer, ViteDevServer } from 'vite'
import { unitAt } from './fleet.ts'
import { accept } from './socket.ts'

const UNITS = 12
const HEARTBEAT_MS = 2000

function stand(server: ViteDevServer | PreviewServer): void {
  const stream = randomBytes(4).toString('hex')
  const started = Date.now()
  let seq = UNITS
  const fleet = () => Array.from({ length: UNITS }, (_, i) => unitAt(i + 1, Date.now(), started, seq))
  const stamp = () => ({ stream, server_time: new Date().toISOString() })

  const answers: Record<string, (query: URLSearchParams) => [number, object]> = {
    '/api/v1/units': () => [200, { server_time: stamp().server_time, units: fleet() }],
    '/api/v1/region': () => {
      const file = process.env['SIGAP_DOUBLE_REGION']
      return file ? [200, JSON.parse(readFileSync(file, 'utf8'))] : [404, { detail: 'this double has no region' }]
    },
    '/api/v1/eta': (query) => {
      const position = fleet().find((unit) => unit.unit === query.get('unit'))?.position
      const age = position ? (Date.now() - Date.parse(position.fix_time)) / 1000 : null
      const north = position ? (Number(query.get('lat')) - position.latitude) * 111_195 : 0
      const east = position ? (Number(query.get('lon')) - position.longitude) * 110_300 : 0
      const p50 = 60 + Math.hypot(north, east) / 10
      const known = age !== null && age <= 180
      const why = age === null ? 'the unit has no position yet' : 'the last fix is too old'
      return [
        200,
        {
          unit: query.get('unit'),
          eta_s: known ? { p10: p50 * 0.7, p50, p90: p50 * 1.6 } : null,
          source: 'straight-line',
          unknown_because: known ? null : why,
          fix_age_s: age,
          fix_time: position?.fix_time ?? null,
          distance_m: position ? Math.hypot(north, east) : null,
        },
      ]
    },
  }

  server.middlewares.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
    const url = new URL(request.url ?? '/', 'http://double')
    const answer = answers[url.pathname]
    if (answer === undefined) return next()
    const [status, body] = answer(url.searchParams)
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })

  server.httpServer?.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    if (!request.url?.startsWith('/api/v1/live')) return
    const send = accept(request, socket)
    let sent = seq
    send({ ...stamp(), type: 'snapshot', seq, units: fleet() })
    const changes = setInterval(() => {
      const moved = fleet().filter((unit) => unit.online === true)
      seq += moved.length
      send({ ...stamp(), type: 'changes', from: sent, seq, units: moved })
      sent = seq
    }, 1000)
    const heartbeat = setInterval(() => send({ ...stamp(), type: 'heartbeat', seq: sent }), HEARTBEAT_MS)
    socket.on('close', () => {
      clearInterval(changes)
      clearInterval(heartbeat)
    })
  })
}

export function double(): Plugin {
  return { name: 'sigap-double', configureServer: stand, configurePreviewServer: stand }
}
