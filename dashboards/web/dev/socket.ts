/** The server's half of a WebSocket (RFC 6455) for text frames, as far as the development double needs it. */
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11' // section 1.3

export function accept(request: IncomingMessage, socket: Duplex): (message: object) => void {
  const key = createHash('sha1').update(`${request.headers['sec-websocket-key']}${GUID}`).digest('base64')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`,
  )
  socket.on('error', () => socket.destroy())
  socket.on('data', (data: Buffer) => {
    if (((data[0] ?? 0) & 0x0f) === 8) socket.end(Buffer.from([0x88, 0x00])) // the browser closes: so do we
  })
  return (message) => {
    if (!socket.writable) return
    const body = Buffer.from(JSON.stringify(message))
    const head = body.length < 126 ? Buffer.alloc(2) : body.length < 65536 ? Buffer.alloc(4) : Buffer.alloc(10)
    head[0] = 0x81 // one final text frame
    if (head.length === 2) head[1] = body.length
    else if (head.length === 4) head.writeUInt16BE(body.length, ((head[1] = 126), 2))
    else head.writeBigUInt64BE(BigInt(body.length), ((head[1] = 127), 2))
    socket.write(Buffer.concat([head, body]))
  }
}
