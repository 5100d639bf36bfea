/**
 * The plain requests: the region once, arrival times when the dispatcher asks, routes as they change, orders. Addresses are
 * relative, so they reach our gateway only. All throw where it cannot be reached or refuses.
 */
import type { FeatureCollection, LineString } from 'geojson'
import type { Eta, Urgency } from './types.ts'

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
  const answer = await checked(await fetch(`api/v1/eta?${query}`, { signal }))
  return (await answer.json()) as Eta
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
  const answer = await checked(await fetch('api/v1/eta/matrix', { method: 'POST', headers, body, signal }))
  const { rows } = (await answer.json()) as { rows: Eta[][] }
  return rows.flatMap(([eta]) => (eta === undefined ? [] : [eta]))
}

export type Route = { version: number | null; line: LineString | null }

/** The planned way of a unit to its next stop; no line where it has none. */
export async function fetchRoute(unit: string): Promise<Route> {
  const answer = await fetch(`api/v1/units/${encodeURIComponent(unit)}/route`)
  if (answer.status === 404) return { version: null, line: null } // arrived or recalled meanwhile
  const feature = (await (await checked(answer)).json()) as {
    geometry: LineString | null
    properties: { version: number | null }
  }
  return { version: feature.properties.version, line: feature.geometry }
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
  await checked(await fetch(destinationOf(unit), { method: 'PUT', headers, body }))
}

/** Take a unit's destination back. */
export async function deleteDestination(unit: string): Promise<void> {
  await checked(await fetch(destinationOf(unit), { method: 'DELETE' }))
}

/** Tell a crew that its emergency was seen. */
export async function acknowledgeEmergency(unit: string): Promise<void> {
  await checked(await fetch(`api/v1/units/${encodeURIComponent(unit)}/emergency/ack`, { method: 'POST' }))
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
