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
import { etaTo, routeOf, sent, STOPS, type Place } from './drives.ts'
import { unitAt } from './fleet.ts'
import { Incidents } from './incidents.ts'
import { accept } from './socket.ts'

const UNITS = 12
const HEARTBEAT_MS = 2000

function stand(server: ViteDevServer | PreviewServer): void {
  const stream = randomBytes(4).toString('hex')
  const started = Date.now()
  let seq = UNITS
  const stops = new Map(STOPS)
  const fleet = () =>
    Array.from({ length: UNITS }, (_, i) => sent(unitAt(i + 1, Date.now(), started, seq), stops, Date.now()))
  const incidents = new Incidents(fleet)
  const stamp = () => ({ stream, server_time: new Date().toISOString() })

  const answers: Record<string, (query: URLSearchParams) => [number, object]> = {
    '/api/v1/units': () => [200, { server_time: stamp().server_time, units: fleet() }],
    '/api/v1/region': () => {
      const file = process.env['SIGAP_DOUBLE_REGION']
      return file ? [200, JSON.parse(readFileSync(file, 'utf8'))] : [404, { detail: 'this double has no region' }]
    },
    '/api/v1/eta': (query) => {
      const unit = fleet().find((each) => each.unit === query.get('unit'))
      const place = { latitude: Number(query.get('lat')), longitude: Number(query.get('lon')) }
      return unit === undefined ? [404, { detail: 'no such unit' }] : [200, etaTo(unit, place, Date.now())]
    },
  }

  function answerTo(method: string, path: string, query: URLSearchParams, body: string): [number, object] | null {
    if (path === '/api/v1/eta/matrix') {
      const { places } = JSON.parse(body) as { places: [Place] }
      return [200, { ...stamp(), rows: fleet().map((unit) => [etaTo(unit, places[0], Date.now())]) }]
    }
    const dispatched = incidents.answer(method, path, query, body)
    if (dispatched !== null) return dispatched
    const [, id = '', what] = /^\/api\/v1\/units\/([^/]+)\/(route|destination)$/.exec(path) ?? []
    const unit = fleet().find((each) => each.unit === id)
    if (unit !== undefined && what === 'route') return [200, routeOf(unit)]
    if (what === 'destination') {
      if (method === 'PUT') stops.set(id, { ...(JSON.parse(body) as Place), source: 'road', fromMs: Date.now() })
      else stops.delete(id)
      return [200, { unit: id }]
    }
    return answers[path]?.(query) ?? null
  }

  server.middlewares.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
    const url = new URL(request.url ?? '/', 'http://double')
    if (!url.pathname.startsWith('/api/')) return next()
    if (url.pathname === '/api/v1/events') return incidents.listen(response)
    let body = ''
    request.on('data', (part: Buffer) => (body += part.toString()))
    request.on('end', () => {
      const [status, value] = answerTo(request.method ?? 'GET', url.pathname, url.searchParams, body) ?? [404, {}]
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    })
  })

  server.httpServer?.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    if (!request.url?.startsWith('/api/v1/live')) return
    const send = accept(request, socket)
    let sent = seq
    send({ ...stamp(), type: 'snapshot', seq, units: fleet() })
    const changes = setInterval(() => {
      const moved = fleet().filter((unit) => unit.online === true || unit.eta != null)
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
