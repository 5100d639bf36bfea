/** The plain requests: the region once, an ETA when the dispatcher asks. Addresses are relative, so they reach our gateway only. */
import type { FeatureCollection } from 'geojson'
import type { Eta } from './types.ts'

/** The centre's own places and roads, or null where the gateway has none to give. */
export async function fetchRegion(): Promise<FeatureCollection | null> {
  const answer = await fetch('api/v1/region', { headers: { accept: 'application/geo+json, application/json' } })
  if (!answer.ok) return null
  const body: unknown = await answer.json()
  const isCollection = typeof body === 'object' && body !== null && 'features' in body && Array.isArray(body.features)
  return isCollection ? (body as FeatureCollection) : null
}

/** Straight-line ETA of a unit to a point. Throws where the gateway cannot be reached or refuses. */
export async function fetchEta(unit: string, latitude: number, longitude: number, signal: AbortSignal): Promise<Eta> {
  const query = new URLSearchParams({ unit, lat: latitude.toFixed(6), lon: longitude.toFixed(6) })
  const answer = await fetch(`api/v1/eta?${query}`, { signal })
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`)
  return (await answer.json()) as Eta
}

/** The live socket beside the page's own address. */
export function openLive(query: string): WebSocket {
  const address = new URL(`api/v1/live${query}`, document.baseURI)
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
  return new WebSocket(address)
}
