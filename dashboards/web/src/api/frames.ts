/** Reads what comes down the live socket. A frame that is not ours is refused whole: half a frame would be a half-true screen. */
import type { Frame, Unit } from './types.ts'

export class BadFrame extends Error {
  override name = 'BadFrame'
}

type Json = Record<string, unknown>

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isPosition(value: unknown): boolean {
  return (
    isObject(value) &&
    Number.isFinite(value['latitude']) &&
    Number.isFinite(value['longitude']) &&
    typeof value['fix_time'] === 'string' &&
    !Number.isNaN(Date.parse(value['fix_time'])) &&
    typeof value['received_at'] === 'string' &&
    Array.isArray(value['quality'])
  )
}

function isInterval(value: unknown): boolean {
  return isObject(value) && ['p10', 'p50', 'p90'].every((part) => Number.isFinite(value[part]))
}

function isEta(value: unknown): boolean {
  return (
    isObject(value) &&
    Number.isFinite(value['latitude']) &&
    Number.isFinite(value['longitude']) &&
    !Number.isNaN(Date.parse(String(value['at']))) &&
    (value['fix_time'] === null || !Number.isNaN(Date.parse(String(value['fix_time'])))) &&
    (value['eta_s'] === null || isInterval(value['eta_s'])) &&
    typeof value['source'] === 'string'
  )
}

function isCrew(value: unknown): boolean {
  if (!isObject(value)) return false
  const { says, emergency } = value
  return (
    (says == null || (isObject(says) && typeof says['status'] === 'string' && typeof says['at'] === 'string')) &&
    (emergency == null || (isObject(emergency) && !Number.isNaN(Date.parse(String(emergency['since'])))))
  )
}

function isUnit(value: unknown): value is Unit {
  return (
    isObject(value) &&
    typeof value['unit'] === 'string' &&
    typeof value['name'] === 'string' &&
    Number.isFinite(value['stale_after_s']) &&
    Number.isFinite(value['lost_after_s']) &&
    (value['position'] === null || isPosition(value['position'])) &&
    (value['eta'] == null || isEta(value['eta'])) &&
    (value['crew'] === undefined || isCrew(value['crew'])) &&
    (value['events'] === undefined || (Array.isArray(value['events']) && value['events'].every(isObject)))
  )
}

/**
 * One text frame of the live socket.
 *
 * @throws BadFrame if it is not JSON, has no type of ours, or lacks what the board needs to be truthful.
 */
export function readFrame(text: string): Frame {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new BadFrame('a frame is not JSON')
  }
  if (!isObject(value)) throw new BadFrame('a frame is not an object')
  const { type, stream, seq, server_time, from, units } = value
  if (typeof stream !== 'string' || !Number.isSafeInteger(seq)) throw new BadFrame('a frame has no stream or no seq')
  if (typeof server_time !== 'string' || Number.isNaN(Date.parse(server_time))) {
    throw new BadFrame('a frame has no server_time')
  }
  if (type !== 'snapshot' && type !== 'changes' && type !== 'heartbeat') {
    throw new BadFrame(`a frame has the type ${JSON.stringify(type)}`)
  }
  if (type !== 'heartbeat' && !(Array.isArray(units) && units.every(isUnit))) {
    throw new BadFrame(`a ${type} frame has a unit that cannot be read`)
  }
  if (type === 'changes' && !Number.isSafeInteger(from)) throw new BadFrame('a changes frame has no from')
  return value as Frame
}
