// Shows the console's modules as they are, for work on them: `node serve.js [port] [gateway]`. Everything that is not a file of
// the console comes from the gateway that runs at that address.
import { createReadStream, existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, request as callGateway } from "node:http";
import { extname, join, normalize } from "node:path";

const [port = "8081", gateway = "http://127.0.0.1:8080"] = process.argv.slice(2);
const web = new URL("web", import.meta.url).pathname;
const TYPES = { ".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8" };
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

createServer(async (request, answer) => {
  const path = new URL(request.url, "http://console").pathname;
  if (!path.startsWith("/console/")) {
    const passed = callGateway(gateway + request.url, { method: request.method, headers: { ...request.headers, host: new URL(gateway).host } }, (given) => {
      answer.writeHead(given.statusCode, given.headers);
      given.pipe(answer);
    });
    passed.on("error", () => answer.destroy());
    request.pipe(passed);
    return;
  }
  const name = normalize(path.slice("/console/".length)).replace(/^work\//, "");
  const file = join(web, name === "." || name === "" ? "index.html" : name);
  if (!file.startsWith(web) || !existsSync(file)) return answer.writeHead(404).end();
  answer.writeHead(200, { "content-type": TYPES[extname(file)], "content-security-policy": POLICY, "cache-control": "no-store" });
  if (extname(file) === ".html") answer.end((await readFile(file, "utf8")).replaceAll("{version}", "work").replace("<html ", process.env.DEMO ? "<html data-demo " : "<html "));
  else createReadStream(file).pipe(answer);
}).listen(Number(port), "127.0.0.1", () => console.log(`http://127.0.0.1:${port}/console/`));
