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
}

type FrameHead = { stream: string; seq: number; server_time: string }
export type SnapshotFrame = FrameHead & { type: 'snapshot'; units: Unit[] }
export type ChangesFrame = FrameHead & { type: 'changes'; from: number; units: Unit[] }
export type HeartbeatFrame = FrameHead & { type: 'heartbeat' }
export type Frame = SnapshotFrame | ChangesFrame | HeartbeatFrame

export type Eta = {
  unit: string
  eta_s: { p10: number; p50: number; p90: number } | null
  source: string
  unknown_because: string | null
  fix_age_s: number | null
  fix_time: string | null
  distance_m: number | null
}
