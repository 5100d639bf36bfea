/** Incidents, missions, alarms, candidates and hospitals, as they travel, and the requests for them. Unknown is null, never 0. */
import type { Interval } from './types.ts'
import { KINDS } from './happenings.ts'
import { ask, json, taken } from './requests.ts'

export type Grade = 'emergency' | 'urgent' | 'routine'
export type Spot = { latitude: number; longitude: number; name: string; id?: string | null }

export type Incident = {
  id: string
  place: Spot
  urgency: Grade
  opened_at: string
  destination: Spot | null // the hospital, once one is chosen
  closed_at: string | null
  kind?: string // of the centre's table; empty: not said
  notes?: string
  exercise?: boolean
  reference?: string
  closed_as?: string | null
  version?: number
}

export type Mission = {
  id: string
  unit: string
  incident: string | null
  urgency: Grade
  state: string // assigned, at-scene, transporting, arrived, ended
  assigned_at: string
  ended_at: string | null
  ended_by: string | null
  ended_why: string
}

/** A reason: a code with its figures, and the gateway's own sentence for codes that this board does not know yet. */
export type Reason = { why: string; values?: Record<string, unknown>; sentence: string }

export type Candidate = {
  unit: string
  agency: string | null
  tier: string
  eta_s: Interval | null
  unknown_because: string | null
  source: string
  distance_m: number | null
  status: string | null
  reasons: Reason[]
}

/** A neighbouring centre in whose area the incident lies, and whom it could send. */
export type Neighbour = { centre: string; name: string; units: { unit: string; eta_s: Interval | null }[]; unknown_because: string | null }
export type Candidates = { candidates: Candidate[]; neighbours: Neighbour[] }

export type Hospital = {
  place: Spot
  tier: string
  eta_s: Interval | null
  unknown_because?: string | null
  beds: number | null
  beds_at: string | null
  diversion_because: string | null
  reasons: Reason[]
}

export type RaisedAlarm = {
  id: string
  kind: string // unacknowledged, silent, emergency, breakdown, hospital-closed, no-unit
  unit: string | null
  mission: string | null
  incident: string | null
  level: string
  sound: boolean
  raised_at: string
  cleared_at: string | null
  acknowledged_at: string | null
  detail: string
  values?: Record<string, unknown>
}

export type Closing = 'resolved' | 'cancelled' | 'information' | 'prank' | 'duplicate'
export type NewIncident = { id: string; place: Spot; urgency: Grade; kind?: string; notes?: string }

const JSON_BODY = { 'content-type': 'application/json' }
const part = (id: string): string => encodeURIComponent(id)

const read = <T>(path: string, signal?: AbortSignal): Promise<T> =>
  ask(`api/v1/${path}`, json<T>, signal === undefined ? {} : { signal })

const send = (method: string, path: string, body: object): Promise<void> =>
  ask(`api/v1/${path}`, taken, { method, headers: JSON_BODY, body: JSON.stringify(body) })

/** A list of the gateway, or null where it has no such list: an older one than this board. */
const readOr404 = <T>(path: string): Promise<T | null> =>
  ask(`api/v1/${path}`, (answer) => (answer.status === 404 ? Promise.resolve(null) : json<T>(answer)))

export type Standing = { incidents: Incident[]; missions: Mission[]; alarms: RaisedAlarm[] }

/** Everything that is open, at about one moment. */
export async function fetchStanding(): Promise<Standing> {
  const [open, active, raised] = await Promise.all([
    read<{ incidents: Incident[] }>('incidents?open=true&limit=1000'),
    read<{ missions: Mission[] }>('missions?active=true&limit=1000'),
    readOr404<{ alarms: RaisedAlarm[] }>('alarms?open=true'),
  ])
  return { incidents: open.incidents, missions: active.missions, alarms: raised?.alarms ?? [] }
}

export type Kind = { kind: string; name: string }

/** The kinds of the centre's table of procedures; none where it has none. */
export async function fetchKinds(): Promise<Kind[]> {
  const told = await readOr404<{ sops: Kind[] }>('sops')
  return told?.sops.map(({ kind, name }) => ({ kind, name: name || kind })) ?? []
}

export const fetchCandidates = (incident: string, signal: AbortSignal): Promise<Candidates> =>
  read(`incidents/${part(incident)}/candidates?limit=12`, signal)

export const fetchHospitals = async (incident: string, signal: AbortSignal): Promise<Hospital[]> =>
  (await read<{ hospitals: Hospital[] }>(`incidents/${part(incident)}/hospitals`, signal)).hospitals

/** All missions of an incident, the ended ones too, newest first. */
export const fetchMissions = async (incident: string, signal: AbortSignal): Promise<Mission[]> =>
  (await read<{ missions: Mission[] }>(`missions?incident=${part(incident)}`, signal)).missions

export const postIncident = (incident: NewIncident): Promise<void> => send('POST', 'incidents', incident)
export const postMission = (id: string, unit: string, incident: string): Promise<void> =>
  send('POST', 'missions', { id, unit, incident })
export const endMission = (mission: string): Promise<void> =>
  send('PATCH', `missions/${part(mission)}`, { state: 'ended' })
/** The neighbour opens the incident, and it is closed here. */
export const handOver = (incident: string, to: string): Promise<void> => send('POST', `incidents/${part(incident)}/handover`, { to })
export const chooseHospital = (incident: string, place: Spot | null): Promise<void> =>
  send('PATCH', `incidents/${part(incident)}`, { destination: place === null ? null : whither(place) })
export const closeIncident = (incident: string, as: Closing): Promise<void> =>
  send('PATCH', `incidents/${part(incident)}`, { closed: true, closed_as: as })
export const acknowledgeAlarm = (alarm: string): Promise<void> => send('POST', `alarms/${part(alarm)}/ack`, {})

function whither({ id, latitude, longitude, name }: Spot): object {
  return id ? { place: id } : { latitude, longitude, name }
}

/** What happened, as it happens: the browser takes it up again where it broke off, by the last event's id. */
export function openEvents(since: string | null): EventSource {
  const query = new URLSearchParams({ positions: 'false', kinds: KINDS.join(','), ...(since === null ? {} : { since }) })
  return new EventSource(`api/v1/events?${query}`)
}
