// One client of the bridge: its state in the PostgreSQL protocol, and what must be said differently because all
// clients share one backend that takes no COPY data from a socket.
import { BackendBusy } from "./backend.mjs";
import { CANCEL, ENCRYPTION, STARTUP, copyIn, error, int32, message, messages, readyIdle, strings, typeOf }
  from "./protocol.mjs";

const LEAD = /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*/; // blanks and comments before the first word
const COPY_IN = /\bfrom\s+stdin\b([\s\S]*)/i;
const LISTEN = /^(un)?listen\s+(?:"((?:[^"]|"")+)"|(\*|[\w$]+))/i;
const DEALLOCATE = /^deallocate\s+(?:prepare\s+)?(?:"((?:[^"]|"")+)"|(\w+))/i;

const GONE = new Set(["ECONNRESET", "EPIPE", "ERR_STREAM_PREMATURE_CLOSE"]);
const HANDLERS = { Q: "query", P: "parse", B: "bind", E: "execute", D: "describeOrClose", C: "describeOrClose" };

export class Client {
  static #last = 0;
  id = ++Client.#last;
  statements = new Set(); // names in the backend, ours: the prefix keeps clients apart
  copies = new Map(); // "S" + statement or "P" + portal that is a COPY FROM STDIN -> is it binary
  channels = new Set();
  copying = null; // {chunks, run} while the client sends COPY data
  failed = false; // the backend answered an error to a message that is not a Query: it ignores all until Sync
  skipping = false; // the same, where the error was ours

  constructor(socket, backend) {
    this.socket = socket;
    this.backend = backend;
  }

  /** The unnamed statement and portal live only inside one turn, so they need no prefix. */
  named = (name) => name && `c${this.id}_${name}`;

  startup = (code) => {
    if (ENCRYPTION.has(code)) this.socket.write("N");
    else if (code === CANCEL) this.socket.end(); // a running statement blocks this very process: nothing to cancel
    else if (code === STARTUP) {
      const ok = message("R", int32(0)); // any user, any password, any database: there is one of each
      const key = message("K", int32(this.id, 0)); // the process number that notifications carry, and no secret
      this.socket.write(Buffer.concat([ok, ...this.backend.parameters, key, readyIdle()]));
    } else this.socket.end(error("0A000", `protocol ${code >> 16}.${code & 65535} is not spoken here`));
    return code === STARTUP;
  };

  async serve() {
    try {
      for await (const bytes of messages(this.socket, this.startup)) {
        if (typeOf(bytes) === "X") break;
        await this.handle(bytes);
      }
    } catch (failure) {
      if (!GONE.has(failure.code)) throw failure;
    }
    await this.backend.forget(this);
    this.socket.destroy();
  }

  async handle(bytes) {
    const type = typeOf(bytes);
    if (this.copying) return this.copyData(type, bytes);
    if (this.skipping && type !== "S") return;
    try {
      if (this.skipping) this.socket.write(readyIdle());
      else await this[HANDLERS[type] ?? "forward"](bytes);
      this.skipping = false;
    } catch (busy) {
      if (!(busy instanceof BackendBusy)) throw busy;
      this.socket.write(error("55P03", busy.message));
      if (type === "Q") this.socket.write(readyIdle());
      this.skipping = type !== "Q" && type !== "S";
    }
  }

  /** To the backend and back; `quiet` names the answers the client did not ask for. */
  async forward(bytes, { blob, quiet = "" } = {}) {
    const answers = await this.backend.run(this, bytes, { blob });
    if (answers.some((answer) => typeOf(answer) === "E")) this.failed = typeOf(bytes) !== "Q";
    if (typeOf(bytes) === "S") this.failed = false;
    this.socket.write(Buffer.concat(answers.filter((answer) => !quiet.includes(typeOf(answer)))));
  }

  /** Statements that mean something else when all clients share one backend. Gives the text to run instead. */
  async adapt(sql) {
    const lead = LEAD.exec(sql)[0];
    const body = sql.slice(lead.length);
    const listen = LISTEN.exec(body);
    const deallocate = DEALLOCATE.exec(body);
    if (listen) {
      const [, un, quoted, plain] = listen;
      const channel = quoted?.replaceAll('""', '"') ?? plain.toLowerCase();
      if (!un) this.channels.add(channel);
      else if (plain === "*") this.channels.clear();
      else this.channels.delete(channel);
      if (un) return 'unlisten "nobody"'; // the backend goes on listening: for the others
    } else if (deallocate) {
      const [, quoted, plain] = deallocate;
      if (plain?.toLowerCase() !== "all") return `deallocate "${this.named(quoted ?? plain.toLowerCase())}"`;
      for (const name of this.statements) await this.backend.run(this, message("C", Buffer.from("S"), name));
      this.statements.clear();
      return "select 'all statements of this client'";
    }
    return sql;
  }

  /** COPY FROM STDIN as the backend can do it: PGlite reads the data from a file of this name. */
  copyFrom(sql) {
    if (!/^copy\b/i.test(sql.replace(LEAD, ""))) return null;
    const from = COPY_IN.exec(sql);
    return from && { binary: /\bbinary\b/i.test(from[1]), sql: sql.replace(COPY_IN, "from '/dev/blob'$1") };
  }

  async query(bytes) {
    const [sql] = strings(bytes, 1);
    const copy = this.copyFrom(sql);
    if (!copy) return this.forward(message("Q", await this.adapt(sql)));
    const run = (blob, instead) => this.forward(message("Q", instead ?? copy.sql), { blob });
    return this.beginCopy(copy.binary, run);
  }

  async parse(bytes) {
    const [name, sql, types] = strings(bytes, 2);
    const copy = this.copyFrom(sql);
    this.copies.delete(`S${name}`);
    if (copy) this.copies.set(`S${name}`, copy.binary);
    const text = copy?.sql ?? (await this.adapt(sql));
    if (name) this.statements.add(this.named(name)); // after DEALLOCATE ALL, should this be one
    return this.forward(message("P", this.named(name), text, types));
  }

  async bind(bytes) {
    const [portal, statement, rest] = strings(bytes, 2);
    this.copies.delete(`P${portal}`);
    if (this.copies.has(`S${statement}`)) this.copies.set(`P${portal}`, this.copies.get(`S${statement}`));
    return this.forward(message("B", this.named(portal), this.named(statement), rest));
  }

  /** One byte says whether a statement or a portal is meant, then comes its name. */
  async describeOrClose(bytes) {
    const [name] = strings(bytes, 1, 6);
    return this.forward(message(typeOf(bytes), bytes.subarray(5, 6), this.named(name)));
  }

  async execute(bytes) {
    const [portal, limit] = strings(bytes, 1);
    const execute = message("E", this.named(portal), limit);
    if (this.failed || !this.copies.has(`P${portal}`)) return this.forward(execute);
    return this.beginCopy(this.copies.get(`P${portal}`), async (blob, instead) => {
      if (!instead) return this.forward(execute, { blob });
      await this.forward(message("P", "", instead, Buffer.alloc(2)), { quiet: "1" });
      await this.forward(message("B", "", "", Buffer.alloc(6)), { quiet: "2" });
      return this.forward(message("E", "", int32(0)));
    });
  }

  /** Collect the data first; `run(blob)` copies them, `run(undefined, sql)` fails as the client wishes. */
  beginCopy(binary, run) {
    this.copying = { chunks: [], run };
    this.socket.write(copyIn(binary));
  }

  async copyData(type, bytes) {
    const { chunks, run } = this.copying;
    if (type === "d") chunks.push(bytes.subarray(5));
    if (type !== "c" && type !== "f") return; // Sync and Flush do not count here, the protocol says
    this.copying = null;
    if (type === "c") return run(new Blob(chunks));
    const reason = `COPY from stdin failed: ${strings(bytes, 1)[0]}`.replaceAll("'", "''");
    await run(undefined, `do $do$ begin raise exception '%', '${reason}' using errcode = '57014'; end $do$`);
  }
}
