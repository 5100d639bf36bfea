/** The gateway's answers, as they travel. Times are RFC 3339 in UTC; units stand in the names; unknown is null, never 0. */

export type Position = {
  latitude: number // degrees, WGS 84
  longitude: number // degrees, WGS 84
  altitude_m: number | null
  speed_mps: number | null
  course_deg: number | null // from true north
  fix_time: string
  received_at: string
  source: string // the source in the vehicle: gnss, modem, phone
  quality: string[] // what is known against the fix; empty when good
  mode: number | null
  satellites: number | null
  hdop: number | null
  horizontal_error_m: number | null // 95 %
}

export type Unit = {
  unit: string
  name: string
  kind: string
  seq: number
  online: boolean | null
  report_interval_s: number | null
  stale_after_s: number
  lost_after_s: number
  position: Position | null
  mission?: UnitMission | null // absent where a gateway follows no missions
  eta?: LiveEta | null // null: it is on the way to nowhere
  events?: DriveEvent[] // what holds now about the drive
  crew?: CrewSide // absent where a gateway hears no crews
  standing?: Standing | null // what it is doing; absent where a gateway follows no statuses
}

/** What a unit is doing: the gateway's word, out of crew, receiver and dispatcher. */
export type Standing = { status: string; label: string; since: string | null; emergency?: boolean } // since null: nobody has said anything yet

/** What a crew and its vehicle say; what was never said is absent. */
export type CrewSide = {
  says?: { status: string; at: string; mission: string | null; source: string } | null
  answer?: { mission: string; accepted: boolean; reason: string; at: string } | null
  emergency?: CrewEmergency | null
  inputs?: Record<string, { on: boolean; at: string }>
  health?: CrewHealth | null
}

export type CrewEmergency = { since: string; source: string; said_at: string; acknowledged_at: string | null }

export type CrewHealth = {
  at: string
  received_at: string
  supply_v: number | null
  outbox_depth: number | null
  clock_skew_s: number | null
  troubles: string[] // sentences
}

/** Seconds until an arrival: it is as likely to be sooner as later than p50, and four times in five between the ends. */
export type Interval = { p10: number; p50: number; p90: number }

export type UnitMission = {
  id: string
  incident: string | null // null: somebody merely sent it somewhere
  urgency: string
  state: string // assigned, at-scene, transporting, arrived
}

/** When a unit arrives, as it was told at `at`: it ages from then on, see `store/arrival.ts`. */
export type LiveEta = {
  leg: string // to-scene, to-hospital, to-place
  latitude: number // of the stop
  longitude: number
  place: string // its name, or ""
  at: string
  eta_s: Interval | null // null: unknown
  unknown_because: string | null
  source: string // road, straight-line, last-known
  fix_time: string | null
  fix_age_s: number | null // at `at`
  distance_m: number | null // left to drive
  model: string
  route_version: number | null // another number: another route; null: none
  onward: { leg: string; latitude: number; longitude: number; place: string; eta_s: Interval | null; unknown_because: string | null } | null
}

export type DriveEvent = { kind: string; since: string } // off-route, wrong-way, stalled, slipping

type FrameHead = { stream: string; seq: number; server_time: string }
export type SnapshotFrame = FrameHead & { type: 'snapshot'; units: Unit[] }
export type ChangesFrame = FrameHead & { type: 'changes'; from: number; units: Unit[] }
export type HeartbeatFrame = FrameHead & { type: 'heartbeat' }
export type Frame = SnapshotFrame | ChangesFrame | HeartbeatFrame

/** When a unit would arrive if it left now. */
export type Eta = {
  unit: string
  eta_s: Interval | null
  source: string // road, straight-line, last-known
  unknown_because: string | null
  fix_age_s: number | null
  fix_time: string | null
  distance_m: number | null // by road or straight, as the source
}

/** lights: with lights and siren; it decides which weights the gateway routes by. */
export type Urgency = 'emergency' | 'routine'
