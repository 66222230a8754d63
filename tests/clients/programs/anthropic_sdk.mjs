// The `@anthropic-ai/sdk` package, with its address and key in the environment. Prints as JSON what it has seen in the scene `SCENE`.
import Anthropic from "@anthropic-ai/sdk";
import { betaZodTool } from "@anthropic-ai/sdk/helpers/beta/zod";
import { z } from "zod";

// The SDK's own retries would hide what the gateway answers.
const client = new Anthropic({ maxRetries: 0 });
const model = process.env.MODEL;
const ask = { model, max_tokens: 1000, messages: [{ role: "user", content: "Hello" }] };
const weather = betaZodTool({
  name: "weather",
  description: "Tells the weather of a city.",
  inputSchema: z.object({ city: z.string() }),
  run: ({ city }) => `Rain in ${city}`,
});

const scenes = {
  async messages() {
    const models = [];
    for await (const each of client.models.list()) models.push(each.id);
    const whole = await client.messages.create(ask);
    const pieces = [];
    const stream = client.messages.stream({ ...ask, thinking: { type: "adaptive" } }).on("text", (text) => pieces.push(text));
    const message = await stream.finalMessage();
    const { input_tokens } = await client.messages.countTokens({ model, messages: ask.messages });
    const found = await client.models.retrieve(model);
    return { models, model: found.id, whole: whole.content[0].text, usage: whole.usage, pieces, thinking: message.content[0].thinking, counted: input_tokens };
  },

  async tools() {
    const whole = await client.beta.messages.toolRunner({ ...ask, tools: [weather] });
    let streamed;
    for await (const stream of client.beta.messages.toolRunner({ ...ask, tools: [weather], stream: true })) streamed = await stream.finalMessage();
    return { whole: whole.content[0].text, streamed: streamed.content[0].text };
  },

  async errors() {
    const raised = (call) => call.then(() => null, (error) => [error.constructor.name, error.status, error.error?.error?.type]);
    const create = (from, more) => raised(from.messages.create({ ...ask, ...more }));
    return {
      key: await create(new Anthropic({ maxRetries: 0, apiKey: "sk-wrong" })),
      model: await create(client, { model: "unknown" }),
      value: await create(client, { messages: [] }),
      limit: await create(client),
      failure: await create(client),
      our_key: await create(client),
    };
  },
};

console.log(JSON.stringify(await scenes[process.env.SCENE]()));
