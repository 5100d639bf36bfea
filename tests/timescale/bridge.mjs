// TimescaleDB for tests where none can be installed: PGlite (PostgreSQL in WebAssembly) with the TimescaleDB
// extension, behind a PostgreSQL server socket on the loopback interface. README.md says what does not hold.
//
//   node bridge.mjs [--data DIR] [--patience SECONDS]
//
// Prints "port=N" when it listens. Ends with SIGTERM, or when its standard input closes.
import net from "node:net";
import { parseArgs } from "node:util";
import { Backend } from "./backend.mjs";
import { Client } from "./client.mjs";

const { values } = parseArgs({
  options: {
    data: { type: "string" }, // a directory that keeps the database; without it all is in memory
    patience: { type: "string", default: "30" }, // how long a client waits while another's transaction is open
  },
});
const backend = await Backend.open(values.data, 1000 * Number(values.patience));
const server = net.createServer({ noDelay: true }, (socket) => {
  const client = new Client(socket, backend);
  backend.clients.add(client);
  client.serve(); // a failure that is not the client's ends the process: better than a wrong answer
});
const stop = async () => {
  server.close();
  await backend.close();
  process.exit(0);
};
process.once("SIGTERM", stop);
process.stdin.once("close", stop).resume();
server.listen(0, "127.0.0.1", () => console.log(`port=${server.address().port}`));
