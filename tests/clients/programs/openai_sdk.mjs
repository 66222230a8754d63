// The `openai` package, with its address and key in the environment. Prints as JSON what it has seen in the scene `SCENE`.
import OpenAI from "openai";
import { zodFunction, zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";

const PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
// The SDK's own retries would hide what the gateway answers.
const client = new OpenAI({ maxRetries: 0 });
const model = process.env.MODEL;
const messages = [{ role: "user", content: "Hello" }];
const parameters = z.object({ city: z.string() });
const weather = ({ city }) => `Rain in ${city}`;

const scenes = {
  async chat() {
    const models = [];
    for await (const each of client.models.list()) models.push(each.id);
    const whole = await client.chat.completions.create({ model, messages });
    const pieces = [];
    for await (const chunk of await client.chat.completions.create({ model, messages, stream: true })) {
      if (chunk.choices[0]?.delta.content) pieces.push(chunk.choices[0].delta.content);
    }
    const person = zodResponseFormat(z.object({ name: z.string() }), "person");
    const parsed = await client.chat.completions.parse({ model, messages, response_format: person });
    const found = await client.models.retrieve(model);
    return { models, model: found.id, whole: whole.choices[0].message.content, usage: whole.usage, pieces, parsed: parsed.choices[0].message.parsed };
  },

  async tools() {
    const tools = [zodFunction({ name: "weather", description: "Tells the weather of a city.", parameters, function: weather })];
    const whole = await client.chat.completions.runTools({ model, messages, tools }).finalContent();
    const streamed = await client.chat.completions.runTools({ model, messages, tools, stream: true }).finalContent();
    return { whole, streamed };
  },

  async responses() {
    const whole = await client.responses.create({ model, input: "Hello", store: false });
    const tools = [{ type: "function", name: "weather", description: "Tells the weather of a city.", parameters: z.toJSONSchema(parameters), strict: false }];
    const input = [{ role: "user", content: "Hello" }];
    for (let turns = 1; ; turns++) {
      let deltas = "";
      const stream = client.responses.stream({ model, input, tools, store: false }).on("response.output_text.delta", (event) => (deltas += event.delta));
      const response = await stream.finalResponse();
      const calls = response.output.filter((item) => item.type === "function_call");
      if (calls.length === 0) {
        const types = whole.output.map((item) => item.type);
        return { whole: { status: whole.status, text: whole.output_text, types }, streamed: { deltas, text: response.output_text, turns } };
      }
      input.push(...response.output.map(({ parsed_arguments, ...item }) => item));
      input.push(...calls.map((call) => ({ type: "function_call_output", call_id: call.call_id, output: weather(JSON.parse(call.arguments)) })));
    }
  },

  async pictures() {
    const picture = { type: "image_url", image_url: { url: PIXEL } };
    const chat = await client.chat.completions.create({ model, messages: [{ role: "user", content: [{ type: "text", text: "What is it?" }, picture] }] });
    const content = [{ type: "input_text", text: "What is it?" }, { type: "input_image", image_url: PIXEL, detail: "auto" }];
    const response = await client.responses.create({ model, input: [{ role: "user", content }], store: false });
    return { chat: chat.choices[0].message.content, responses: response.output_text };
  },

  async embeddings() {
    const { data } = await client.embeddings.create({ model, input: ["one", "two"] });
    return data.map(({ embedding }) => embedding);
  },

  async errors() {
    const raised = (call) => call.then(() => null, (error) => [error.constructor.name, error.status]);
    const create = (from, more) => raised(from.chat.completions.create({ model, messages, ...more }));
    return {
      key: await create(client.withOptions({ apiKey: "sk-wrong" })),
      model: await create(client, { model: "unknown" }),
      value: await create(client, { n: "many" }),
      limit: await create(client),
      failure: await create(client),
      our_key: await create(client),
    };
  },
};

console.log(JSON.stringify(await scenes[process.env.SCENE]()));
