// An HTTP server in one process, or in WORKERS of them that share the port.
import cluster from "node:cluster";
import { createServer } from "node:http";

export function serve(answer) {
  const workers = Number(process.env.WORKERS ?? 1);
  if (workers > 1 && cluster.isPrimary) {
    for (let n = 0; n < workers; n++) cluster.fork();
    return;
  }
  createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", async () => {
      try {
        const cart = JSON.parse(Buffer.concat(chunks).toString());
        send(response, 200, JSON.stringify(await answer(cart, request)));
      } catch (error) {
        send(response, 500, JSON.stringify({ error: { code: "1", message: String(error), exception: null } }));
      }
    });
  }).listen(Number(process.env.PORT), "127.0.0.1");
}

function send(response, status, text) {
  const body = Buffer.from(text);
  response.writeHead(status, { "Content-Type": "application/json", "Content-Length": body.length });
  response.end(body);
}
