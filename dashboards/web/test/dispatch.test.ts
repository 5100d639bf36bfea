import { readFileSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import type { Incident, Mission, RaisedAlarm, Standing } from '../src/api/dispatch.ts'
import { Happenings, KINDS, type Stream } from '../src/api/happenings.ts'
import { CATALOGUES } from '../src/i18n/catalogue.ts'
import { why } from '../src/i18n/why.ts'
import { Choice } from '../src/store/choice.svelte.ts'
import { placeIn } from '../src/store/coordinates.ts'
import { Deeds, Ids } from '../src/store/deeds.svelte.ts'
import { ASK_EVERY_MS, Dispatch, OLD_AFTER_MS } from '../src/store/dispatch.svelte.ts'
import { grouped, TOGETHER } from '../src/store/raised.ts'
import { REPEAT_MS, Siren } from '../src/store/siren.svelte.ts'
import { standingOf } from '../src/store/standing.ts'
import { aUnit } from './unit.ts'

const AT = '2026-11-22T03:00:00Z'

const incident = (id: string, more: Partial<Incident> = {}): Incident => ({
  id, place: { latitude: -7.1, longitude: 111.9, name: '' }, urgency: 'urgent', opened_at: '2026-11-22T03:00:00Z', destination: null, closed_at: null, ...more,
})
const standing = (...incidents: Incident[]): Standing => ({ incidents, missions: [], alarms: [] })
const alarm = (id: string, more: Partial<RaisedAlarm> = {}): RaisedAlarm => ({
  id, kind: 'silent', unit: `u${id}`, mission: null, incident: null, level: 'again', sound: true, raised_at: `2026-11-22T03:00:0${id}Z`, cleared_at: null, acknowledged_at: null, detail: '', ...more,
})

test('incidents are sorted by urgency, then the newest first, and only new ones are told of', async () => {
  const told: string[][] = []
  const answers = [standing(incident('a')), standing(incident('a'), incident('b', { opened_at: '2026-11-22T03:01:00Z' }), incident('c', { urgency: 'emergency' }))]
  const dispatch = new Dispatch(() => Promise.resolve(answers.shift() ?? standing()), () => 0, (fresh) => told.push(fresh.map(({ id }) => id)))
  await dispatch.refresh()
  expect(told).toEqual([]) // what was there before this page is no news
  await dispatch.refresh()
  expect(dispatch.incidents.map(({ id }) => id)).toEqual(['c', 'b', 'a'])
  expect(told).toEqual([['c', 'b']])
  expect(dispatch.news.map(({ id }) => id)).toEqual(['c', 'b'])
})

test('an event while an answer is under way is asked about after it, and only once more', async () => {
  let asked = 0
  const done: (() => void)[] = []
  const dispatch = new Dispatch(() => new Promise((resolve) => (asked++, done.push(() => resolve(standing())))), () => 0, () => undefined)
  const first = dispatch.refresh()
  let known = false
  void dispatch.refresh()
  void dispatch.refresh().then(() => (known = true))
  expect(asked).toBe(1)
  done[0]?.()
  await vi.waitFor(() => expect(asked).toBe(2))
  expect(known).toBe(false) // whoever asked meanwhile wants what came after
  done[1]?.()
  await first
  expect([asked, known]).toEqual([2, true])
})

test('without an answer the incidents stay, are asked for again, and are called old', async () => {
  let now = 0
  let asked = 0
  vi.spyOn(console, 'warn').mockReturnValue()
  const dispatch = new Dispatch(() => (asked++ === 0 ? Promise.resolve(standing(incident('a'))) : Promise.reject(new Error('gone'))), () => now, () => undefined)
  await dispatch.refresh()
  now = ASK_EVERY_MS
  dispatch.tick()
  expect([asked, dispatch.old]).toEqual([2, false])
  now = OLD_AFTER_MS
  dispatch.tick()
  expect(dispatch.old).toBe(true)
  expect(dispatch.incidents).toHaveLength(1)
})

test('what was asked about one incident never shows with another, and a failure takes the answer away', async () => {
  const answers: Record<string, () => Promise<never[]>> = { a: () => Promise.resolve([]), b: () => Promise.reject(new Error('no')) }
  const never = () => Promise.reject(new Error('nobody asks this'))
  const choice = new Choice({ candidates: never, missions: never, hospitals: (id) => answers[id]?.() ?? never() })
  choice.about('a')
  await choice.refresh('hospitals')
  expect(choice.answers.hospitals).toEqual([])
  const late = choice.refresh('hospitals')
  choice.about('b')
  await late
  expect(choice.answers.hospitals).toBeNull()
  await choice.refresh('hospitals')
  expect([choice.answers.hospitals, choice.failures.hospitals]).toEqual([null, 'no'])
})

test('a deed is done once at a time, its refusal is kept, and either way one looks', async () => {
  let looked = 0
  const deeds = new Deeds(() => looked++)
  const first = deeds.do('one', () => Promise.resolve())
  expect(await deeds.do('two', () => Promise.reject(new Error('never tried')))).toBe(false)
  expect(await first).toBe(true)
  expect(await deeds.do('three', () => Promise.reject(new Error('the unit is busy')))).toBe(false)
  expect([deeds.failure, looked]).toEqual([{ what: 'three', why: 'the unit is busy' }, 2])
})

test('a repeated press has the same id until it was taken; ids are what the gateway takes', () => {
  const ids = new Ids()
  const id = ids.for('assign i u')
  expect(id).toMatch(/^[a-z0-9][a-z0-9-]{0,31}$/)
  expect(ids.for('assign i u')).toBe(id)
  expect(ids.for('assign i v')).not.toBe(id)
  ids.used('assign i u')
  expect(ids.for('assign i u')).not.toBe(id)
})

test.each([
  ['-7.15, 111.88', -7.15, 111.88],
  ['-7.15 111.88', -7.15, 111.88],
  ['-7,15; 111,88', -7.15, 111.88],
  ['https://www.google.com/maps/@-7.1512,111.8821,17z', -7.1512, 111.8821],
  ['https://maps.google.com/?q=-7.1512%2C111.8821', -7.1512, 111.8821],
  ['-7, 111', -7, 111],
])('%s is a place', (text, lat, lng) => {
  expect(placeIn(text)).toEqual({ lat, lng })
})

test.each(['', 'Balai desa', '111.88, -7.15, x', '7', 'jl. 12 no 3', '0, 0'])('%j is none', (text) => {
  expect(placeIn(text)).toBeNull()
})

test("each of the gateway's alarms has a word in both languages", () => {
  const list = python('gateway/storage/alarms.py').split('KINDS = (')[1]?.split(')')[0] ?? ''
  const kinds = [...list.matchAll(/"([a-z-]+)"/g)].map(([, kind]) => `alarm.${kind}`)
  expect(kinds).toContain('alarm.silent')
  for (const catalogue of Object.values(CATALOGUES)) expect(Object.keys(catalogue)).toEqual(expect.arrayContaining(kinds))
})

test('alarms of one happening are one row, the highest level first; what was acknowledged is gone', () => {
  const many = Array.from({ length: TOGETHER }, (_, at) => alarm(String(at)))
  const rows = grouped([...many, alarm('7', { kind: 'no-unit', level: 'supervisor' }), alarm('8', { acknowledged_at: '2026-11-22T03:00:00Z' })])
  expect(rows.map(({ kind, alarms }) => [kind, alarms.length])).toEqual([['no-unit', 1], ['silent', TOGETHER]])
})

test('an alarm is silent until somebody has touched the page, then calls again and again, and a choice silences it', async () => {
  let now = 0
  const sounds: number[] = []
  const voice = { running: false, resume: () => ((voice.running = true), Promise.resolve()), tones: () => void sounds.push(now) }
  const siren = new Siren(() => voice, () => now)
  siren.tick(true)
  expect([siren.heard, sounds]).toEqual([false, []])
  await siren.unlock()
  expect(siren.heard).toBe(true)
  siren.tick(true)
  now = REPEAT_MS - 1
  siren.tick(true)
  now = REPEAT_MS
  siren.tick(true)
  expect(sounds).toEqual([0, REPEAT_MS])
  await siren.toggle()
  now = 3 * REPEAT_MS
  siren.tick(true)
  expect([siren.heard, sounds.length]).toEqual([false, 2])
  await siren.toggle()
  voice.running = false // the sound device is gone
  siren.listen()
  expect(siren.heard).toBe(false)
})

class Wire implements Stream {
  readyState = 0
  #heard = new Map<string, (event: Event) => void>()
  addEventListener = (kind: string, hear: unknown): void => void this.#heard.set(kind, hear as (event: Event) => void)
  close = (): void => undefined
  say(kind: string, id = ''): void {
    this.#heard.get(kind)?.(Object.assign(new Event(kind), { lastEventId: id }))
  }
}

test('every kind of event wakes, and a stream that the browser gave up is opened again where it broke off', () => {
  const opened: [string | null, Wire][] = []
  const later: (() => void)[] = []
  let woken = 0
  const open = (since: string | null): Wire => {
    const wire = new Wire()
    opened.push([since, wire])
    return wire
  }
  const happenings = new Happenings({ open, later: (run) => later.push(run), onHappened: () => woken++ })
  happenings.start()
  const wire = opened[0]![1]
  for (const kind of KINDS) wire.say(kind, '41')
  expect(woken).toBe(KINDS.length)
  wire.say('error')
  expect(later).toEqual([]) // the browser tries by itself
  wire.readyState = 2
  wire.say('error')
  later[0]?.()
  expect(opened.map(([since]) => since)).toEqual([null, '41'])
})

const python = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')

test('every reason that the gateway can give has words here, with the same figures', () => {
  const codes = [...python('tracker/recommend/reasons.py').matchAll(/^ {4}([A-Z_]+) = "(.*)"$/gm)]
  expect(codes.length).toBeGreaterThan(10)
  for (const [, name = '', sentence = ''] of codes) {
    const key = `why.${name.toLowerCase().replaceAll('_', '-')}` as keyof typeof CATALOGUES.id
    const names = (text: string): string[] => [...text.matchAll(/\{(\w+)/g)].map((match) => match[1] ?? '').toSorted()
    for (const catalogue of Object.values(CATALOGUES)) expect(names(catalogue[key] ?? 'missing'), key).toEqual(names(sentence))
  }
})

test('every kind of event of incidents, missions and alarms that the gateway writes is listened to', () => {
  const list = python('gateway/storage/events.py').split('KINDS = (')[1]?.split(')')[0] ?? ''
  const ours = [...list.matchAll(/"((?:incident|mission|alarm)\.[a-z-]+)"/g)].map((match) => match[1]).filter((kind) => kind !== 'incident.progress') // arrivals come by the live socket
  expect([...KINDS].toSorted()).toEqual(ours.toSorted())
})

test('a unit does what its centre calls it; else what its crew says for this mission; else what the mission is at', () => {
  const mission: Mission = { id: 'm', unit: 'a', incident: 'i', urgency: 'urgent', state: 'assigned', assigned_at: AT, ended_at: null, ended_by: null, ended_why: '' }
  const says = { status: 'on-scene', at: AT, mission: 'm', source: 'crew' }
  const standing = { status: 'en-route', label: 'Meluncur', since: AT }
  expect(standingOf(aUnit({ standing, crew: { says } }), mission, 'id')).toEqual({ status: 'en-route', label: 'Meluncur' })
  expect(standingOf(aUnit({ standing: { ...standing, label: '' } }), mission, 'id').label).toBe('menuju lokasi')
  expect(standingOf(aUnit({ crew: { says } }), mission, 'en')).toEqual({ status: 'on-scene', label: 'on scene' })
  expect(standingOf(aUnit({ crew: { says: { ...says, mission: 'other' } } }), mission, 'en').label).toBe('assigned')
  expect(standingOf(undefined, mission, 'id').label).toBe('ditugaskan')
})

test('a reason is said in words and figures of the language, an unknown one by the sentence that came with it', () => {
  expect(why('id', { why: 'arrives', values: { p50: 301, p90: 540 }, sentence: '' })).toBe('tiba dalam 5 mnt 1 dtk, 9 dari 10 kali dalam 9 mnt 0 dtk')
  expect(why('en', { why: 'busy', values: { status: 'on-scene' }, sentence: '' })).toBe('on scene on another mission')
  expect(why('id', { why: 'eta-unknown', values: { because: 'the unit has no position yet' }, sentence: '' })).toContain('unit belum pernah mengirim posisi')
  expect(why('id', { why: 'moon', values: {}, sentence: 'the moon is full' })).toBe('the moon is full')
  expect(why('id', { why: 'arrives', values: {}, sentence: 'arrives some day' })).toBe('arrives some day')
})
