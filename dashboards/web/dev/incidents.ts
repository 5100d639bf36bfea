/** Invented incidents with all that can be done about them, for the double: what is opened, assigned, chosen and ended stays so while it runs. */
import type { ServerResponse } from 'node:http'
import type { Incident, Mission, RaisedAlarm, Spot } from '../src/api/dispatch.ts'
import type { Unit } from '../src/api/types.ts'
import { etaTo, type Place } from './drives.ts'

const HOSPITALS: (Spot & { beds: number | null; closed: string | null })[] = [
  { id: 'rs-1', name: 'RSUD Bojonegoro', latitude: -7.155, longitude: 111.885, beds: 14, closed: null },
  { id: 'rs-2', name: 'RS Padangan', latitude: -7.18, longitude: 111.61, beds: null, closed: null },
  { id: 'rs-3', name: 'RS Sumberrejo', latitude: -7.21, longitude: 112.03, beds: 0, closed: null },
  { id: 'rs-4', name: 'RS Baureno', latitude: -7.12, longitude: 112.1, beds: 5, closed: 'IGD penuh' },
]
const ago = (seconds: number): string => new Date(Date.now() - 1000 * seconds).toISOString()
const reason = (why: string, values: Record<string, unknown>, sentence: string) => ({ why, values, sentence })

export class Incidents {
  #incidents: Incident[] = [
    { id: 'i-17', place: { latitude: -7.12, longitude: 111.75, name: 'Jl. Gajah Mada 12' }, urgency: 'emergency', kind: 'kecelakaan', opened_at: ago(260), destination: HOSPITALS[0] ?? null, closed_at: null, notes: 'Dua motor, satu korban tidak sadar.' },
    { id: 'i-18', place: { latitude: -7.24, longitude: 111.86, name: 'Balai Desa Ngumpakdalem' }, urgency: 'urgent', kind: 'kesehatan', opened_at: ago(35), destination: null, closed_at: null },
    { id: 'i-16', place: { latitude: -7.2, longitude: 111.95, name: '' }, urgency: 'routine', kind: 'rujukan', opened_at: ago(3000), destination: null, closed_at: null, exercise: true },
  ]
  #missions: Mission[] = [
    { id: 'm-ambulans-04', unit: 'ambulans-04', incident: 'i-17', urgency: 'emergency', state: 'assigned', assigned_at: ago(200), ended_at: null, ended_by: null, ended_why: '' },
    { id: 'm-0', unit: 'ambulans-09', incident: 'i-17', urgency: 'emergency', state: 'ended', assigned_at: ago(250), ended_at: ago(210), ended_by: 'crew', ended_why: 'Ban bocor' },
  ]
  #alarms: RaisedAlarm[] = [
    { id: '1', kind: 'unacknowledged', unit: 'ambulans-04', mission: 'm-ambulans-04', incident: 'i-17', level: 'next-unit', sound: true, raised_at: ago(60), cleared_at: null, acknowledged_at: null, detail: '', values: { next_unit: 'ambulans-02' } },
    { id: '2', kind: 'no-unit', unit: null, mission: null, incident: 'i-18', level: 'supervisor', sound: true, raised_at: ago(10), cleared_at: null, acknowledged_at: null, detail: 'Balai Desa Ngumpakdalem' },
  ]
  #fleet: () => Unit[]
  #listeners = new Set<ServerResponse>()
  #events = 0

  constructor(fleet: () => Unit[]) {
    this.#fleet = fleet
  }

  /** A listener of the events, until it goes. */
  listen(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }).write(': here\n\n')
    this.#listeners.add(response)
    response.on('close', () => this.#listeners.delete(response))
  }

  answer(method: string, path: string, query: URLSearchParams, body: string): [number, object] | null {
    const [, what, id = '', part = ''] = /^\/api\/v1\/(incidents|missions|alarms|sops)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(path) ?? []
    if (what === undefined) return null
    if (what === 'sops') return [200, { sops: [{ kind: 'kesehatan', name: 'Kesehatan' }, { kind: 'kecelakaan', name: 'Kecelakaan' }, { kind: 'rujukan', name: 'Rujukan' }] }]
    const given = (body === '' ? {} : JSON.parse(body)) as Record<string, unknown>
    if (method !== 'GET') {
      this.#change(what, id, given)
      this.#tell(what === 'alarms' ? 'alarm.changed' : what === 'missions' ? 'mission.changed' : 'incident.changed')
      return [id === '' ? 201 : 200, {}]
    }
    if (part === 'candidates') return [200, this.#candidates(id)]
    if (part === 'hospitals') return [200, this.#hospitals(id)]
    if (what === 'incidents') return [200, { incidents: this.#incidents.filter(({ closed_at }) => closed_at === null) }]
    if (what === 'alarms') return [200, { alarms: this.#alarms.filter(({ cleared_at }) => cleared_at === null) }]
    const incident = query.get('incident')
    const missions = this.#missions.filter((each) => (incident === null || each.incident === incident) && (query.get('active') === null || each.ended_at === null))
    return [200, { missions }]
  }

  #change(what: string, id: string, given: Record<string, unknown>): void {
    const now = new Date().toISOString()
    if (what === 'alarms') this.#alarms = this.#alarms.map((alarm) => (alarm.id === id ? { ...alarm, acknowledged_at: now } : alarm))
    else if (what === 'missions' && id === '') {
      const [unit, incident] = [String(given['unit']), String(given['incident'])]
      this.#missions.unshift({ id: String(given['id']), unit, incident, urgency: 'emergency', state: 'assigned', assigned_at: now, ended_at: null, ended_by: null, ended_why: '' })
    } else if (what === 'missions') this.#missions = this.#missions.map((each) => (each.id === id ? { ...each, state: 'ended', ended_at: now } : each))
    else if (id === '') this.#incidents.unshift({ destination: null, closed_at: null, opened_at: now, ...(given as unknown as Pick<Incident, 'id' | 'place' | 'urgency'>) })
    else {
      const chosen = given['destination'] as Spot | undefined
      const destination = chosen === undefined ? {} : { destination: HOSPITALS.find((each) => each.id === (chosen as unknown as { place: string }).place) ?? null }
      this.#incidents = this.#incidents.map((each) => (each.id === id ? { ...each, ...destination, ...(given['closed'] ? { closed_at: now } : {}) } : each))
    }
  }

  #tell(kind: string): void {
    this.#events += 1
    for (const listener of this.#listeners) listener.write(`id: ${this.#events}\nevent: ${kind}\ndata: {}\n\n`)
  }

  #place(id: string): Place {
    return this.#incidents.find((each) => each.id === id)?.place ?? { latitude: -7.15, longitude: 111.88 }
  }

  #candidates(id: string): object {
    const place = this.#place(id)
    const candidates = this.#fleet().map((unit) => {
      const eta = etaTo(unit, place, Date.now())
      const busy = unit.mission != null
      const arrives = eta.eta_s ? [reason('arrives', { p50: eta.eta_s.p50, p90: eta.eta_s.p90 }, '')] : [reason('eta-unknown', { because: eta.unknown_because }, '')]
      const more = busy ? [reason('busy', { status: 'en-route' }, '')] : [reason('turnout', { seconds: 60 }, ''), reason('coverage', { seconds: 95 }, '')]
      return { ...eta, agency: 'dinkes', tier: eta.eta_s === null ? 'unknown' : busy ? 'busy' : 'fit', status: 'available', reasons: [...arrives, ...more] }
    })
    const order = ['fit', 'busy', 'unknown']
    return {
      candidates: candidates.toSorted((a, b) => order.indexOf(a.tier) - order.indexOf(b.tier) || (a.eta_s?.p50 ?? 0) - (b.eta_s?.p50 ?? 0)),
      neighbours: [{ centre: 'tuban', name: 'PSC 119 Tuban', units: [{ unit: 'tuban-01', eta_s: { p10: 500, p50: 780, p90: 1200 } }, { unit: 'tuban-02', eta_s: null }], unknown_because: null }],
    }
  }

  #hospitals(id: string): object {
    const scene = this.#place(id)
    const hospitals = HOSPITALS.map(({ beds, closed, ...place }) => {
      const p50 = 60 + (111_195 * 1.3 * Math.hypot(place.latitude - scene.latitude, place.longitude - scene.longitude)) / 13
      const tier = closed ? 'closed' : beds === 0 ? 'full' : 'fit'
      const bedsSaid = beds === null ? reason('beds-unknown', {}, '') : beds > 0 ? reason('beds', { beds }, '') : reason('no-beds', { at: ago(900) }, '')
      const reasons = [...(closed ? [reason('closed', { because: closed }, '')] : []), bedsSaid, reason('arrives', { p50, p90: 1.4 * p50 }, ''), reason('newer-than-this-board', {}, 'has a helipad')]
      return { place, tier, eta_s: { p10: 0.8 * p50, p50, p90: 1.4 * p50 }, beds, beds_at: null, diversion_because: closed, reasons }
    })
    return { hospitals: hospitals.toSorted((a, b) => ['fit', 'full', 'closed'].indexOf(a.tier) - ['fit', 'full', 'closed'].indexOf(b.tier) || a.eta_s.p50 - b.eta_s.p50) }
  }
}
