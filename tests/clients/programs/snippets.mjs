// Prints as JSON what the console's Connect page shows for each client, for the gateway at `GATEWAY_URL`.
globalThis.document = { baseURI: `${process.env.GATEWAY_URL}/console/` };
const { CLIENTS } = await import(`${process.env.CONSOLE}/snippets.js`);
console.log(JSON.stringify(Object.fromEntries(CLIENTS.map(({ id, text }) => [id, text(process.env.MODEL, process.env.KEY)]))));
