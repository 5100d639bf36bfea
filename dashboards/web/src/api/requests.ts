/**
 * The plain requests: the region once, arrival times when the dispatcher asks, routes as they change, orders. Addresses are
 * relative, so they reach our gateway only. All throw where it cannot be reached or refuses.
 */
import type { FeatureCollection, LineString } from 'geojson'
import type { Eta, Urgency } from './types.ts'

/** What a failure is called where no answer came; every other message is the gateway's own. */
export const NO_ANSWER = 'no answer'
/** Milliseconds after which a request is given up. A network that only swallows would keep it, and whoever waits for it, for minutes. */
const GIVE_UP_MS = 10_000
/** The same for a question that somebody may take back: those are asked again every 5 s, and must have failed by then. */
const GIVE_UP_QUESTION_MS = 4500

/** Ask the gateway, and take its answer. Throws `NO_ANSWER`, the gateway's refusal, or, where the asker took it back, its AbortError. */
export async function ask<T>(
  path: string,
  take: (answer: Response) => Promise<T>,
  init: RequestInit = {},
  giveUpMs = init.signal ? GIVE_UP_QUESTION_MS : GIVE_UP_MS,
): Promise<T> {
  const given = AbortSignal.timeout(giveUpMs)
  const signal = init.signal ? AbortSignal.any([init.signal, given]) : given
  try {
    return await take(await fetch(path, { ...init, signal }))
  } catch (error) {
    const unreachable = error instanceof TypeError // of fetch, in the browser's own words
    throw (given.aborted && !init.signal?.aborted) || unreachable ? new Error(NO_ANSWER) : error
  }
}

export const json = async <T>(answer: Response): Promise<T> => (await (await checked(answer)).json()) as T
export const taken = async (answer: Response): Promise<void> => void (await checked(answer))

/** The gateway's own sentence where it gives one: it speaks to the person who can act. */
export async function checked(answer: Response): Promise<Response> {
  if (answer.ok) return answer
  const body: unknown = await answer.json().catch(() => null) // a proxy's page is no sentence for a dispatcher
  const detail = typeof body === 'object' && body !== null && 'detail' in body ? body.detail : null
  throw new Error(typeof detail === 'string' ? detail : `HTTP ${answer.status}`)
}

/** The centre's own places and roads, or null where the gateway has none to give. */
export async function fetchRegion(): Promise<FeatureCollection | null> {
  const answer = await fetch('api/v1/region', { headers: { accept: 'application/geo+json, application/json' } })
  if (!answer.ok) return null
  const body: unknown = await answer.json()
  const isCollection = typeof body === 'object' && body !== null && 'features' in body && Array.isArray(body.features)
  return isCollection ? (body as FeatureCollection) : null
}

/** When a unit would be at a point. */
export async function fetchEta(
  unit: string,
  latitude: number,
  longitude: number,
  urgency: Urgency,
  signal: AbortSignal,
): Promise<Eta> {
  const query = new URLSearchParams({ unit, lat: latitude.toFixed(6), lon: longitude.toFixed(6), urgency })
  return ask(`api/v1/eta?${query}`, json<Eta>, { signal })
}

/** When each unit of the centre would be at a point. */
export async function fetchEtas(
  latitude: number,
  longitude: number,
  urgency: Urgency,
  signal: AbortSignal,
): Promise<Eta[]> {
  const body = JSON.stringify({ places: [{ latitude, longitude }], urgency })
  const headers = { 'content-type': 'application/json' }
  const { rows } = await ask('api/v1/eta/matrix', json<{ rows: Eta[][] }>, { method: 'POST', headers, body, signal })
  return rows.flatMap(([eta]) => (eta === undefined ? [] : [eta]))
}

export type Route = { version: number | null; line: LineString | null }

/** The planned way of a unit to its next stop; no line where it has none. */
export async function fetchRoute(unit: string): Promise<Route> {
  return ask(`api/v1/units/${encodeURIComponent(unit)}/route`, async (answer) => {
    if (answer.status === 404) return { version: null, line: null } // arrived or recalled meanwhile
    const feature = await json<{ geometry: LineString | null; properties: { version: number | null } }>(answer)
    return { version: feature.properties.version, line: feature.geometry }
  })
}

/** Send a unit to a point. */
export async function putDestination(
  unit: string,
  latitude: number,
  longitude: number,
  urgency: Urgency,
): Promise<void> {
  const body = JSON.stringify({ latitude, longitude, urgency })
  const headers = { 'content-type': 'application/json' }
  await ask(destinationOf(unit), taken, { method: 'PUT', headers, body })
}

/** Take a unit's destination back. */
export async function deleteDestination(unit: string): Promise<void> {
  await ask(destinationOf(unit), taken, { method: 'DELETE' })
}

/** Tell a crew that its emergency was seen. */
export async function acknowledgeEmergency(unit: string): Promise<void> {
  await ask(`api/v1/units/${encodeURIComponent(unit)}/emergency/ack`, taken, { method: 'POST' })
}

function destinationOf(unit: string): string {
  return `api/v1/units/${encodeURIComponent(unit)}/destination`
}

/** The live socket beside the page's own address. */
export function openLive(query: string): WebSocket {
  const address = new URL(`api/v1/live${query}`, document.baseURI)
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
  return new WebSocket(address)
}
