// The PostgreSQL wire protocol, version 3.0, as far as the bridge needs it: cutting a byte stream into
// messages and forming the few messages that the bridge says in its own name. No socket, no database.
// Source: PostgreSQL documentation, "Frontend/Backend Protocol", "Message Formats".

export const STARTUP = 196608; // protocol 3.0
export const CANCEL = 80877102;
export const ENCRYPTION = new Set([80877103, 80877104]); // SSLRequest, GSSENCRequest

/** The typed messages of one TCP connection, whole, however TCP cut them. The startup packets come first: they
 *  have no type byte, so `onStartup(code, body)` sees them and answers true once the typed messages begin. */
export async function* messages(socket, onStartup) {
  let pending = Buffer.alloc(0);
  let started = false;
  for await (const chunk of socket) {
    pending = pending.length ? Buffer.concat([pending, chunk]) : chunk;
    for (;;) {
      const head = started ? 1 : 0;
      if (pending.length < head + 4) break;
      const end = head + pending.readInt32BE(head); // the length counts itself, not the type byte
      if (pending.length < end) break;
      const message = pending.subarray(0, end);
      pending = pending.subarray(end);
      if (started) yield message;
      else started = onStartup(message.readInt32BE(4), message.subarray(8));
    }
  }
}

/** Cut what the backend answered into messages. */
export function* split(reply) {
  for (let at = 0; at < reply.length; ) {
    const end = at + 1 + reply.readInt32BE(at + 1);
    yield reply.subarray(at, end);
    at = end;
  }
}

export const typeOf = (message) => String.fromCharCode(message[0]);

/** One message: a string part becomes a zero-terminated string, a Buffer stays as it is. */
export function message(type, ...parts) {
  const body = Buffer.concat(parts.map((part) => (Buffer.isBuffer(part) ? part : cstring(part))));
  const head = Buffer.alloc(5);
  head.write(type, "latin1");
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const cstring = (text) => Buffer.from(`${text}\0`);

/** The first `count` zero-terminated strings after `start`, and the bytes behind them. */
export function strings(message, count, start = 5) {
  const found = [];
  for (let i = 0; i < count; i++) {
    const end = message.indexOf(0, start);
    found.push(message.toString("utf8", start, end));
    start = end + 1;
  }
  return [...found, message.subarray(start)];
}

export function int32(...values) {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => bytes.writeInt32BE(value, 4 * i));
  return bytes;
}

/** ErrorResponse; `sqlstate` as PostgreSQL's appendix "Error Codes" lists them. */
export const error = (sqlstate, text) =>
  message("E", "SERROR", "VERROR", `C${sqlstate}`, `M${text}`, Buffer.from([0]));

export const readyIdle = () => message("Z", Buffer.from("I"));

/** CopyInResponse. The number of columns is only known to the backend, and no client we know asks for it. */
export const copyIn = (binary) => message("G", Buffer.from([binary ? 1 : 0, 0, 0]));
