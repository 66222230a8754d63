// The AI SDK, over the provider package `PACKAGE`. Prints as JSON what it has seen in the scene `SCENE`.
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { embedMany, generateText, isStepCount, Output, streamText, tool } from "ai";
import { z } from "zod";

const { BASE_URL: baseURL, KEY: apiKey, MODEL: name, PACKAGE, SCENE } = process.env;
const model = {
  compatible: () => createOpenAICompatible({ name: "tidegate", baseURL, apiKey, includeUsage: true, supportsStructuredOutputs: true })(name),
  chat: () => createOpenAI({ baseURL, apiKey }).chat(name),
  responses: () => createOpenAI({ baseURL, apiKey })(name),
  stored: () => createOpenAI({ baseURL, apiKey })(name),
  anthropic: () => createAnthropic({ baseURL, apiKey })(name),
}[PACKAGE]();
// `stored` leaves out `store: false`, and so refers to items of earlier answers instead of sending them.
const providerOptions = PACKAGE === "responses" ? { openai: { store: false } } : {};
const weather = tool({ description: "Tells the weather of a city.", inputSchema: z.object({ city: z.string() }), execute: ({ city }) => `Rain in ${city}` });
const ask = { model, maxRetries: 0, providerOptions, tools: { weather }, stopWhen: isStepCount(5), system: "Be brief.", prompt: "How is it in Oslo and Rome?" };

const scenes = {
  async generate() {
    const { text, steps, totalUsage } = await generateText(ask);
    return { text, steps: steps.length, usage: totalUsage };
  },

  async stream() {
    const result = streamText({ ...ask, onError() {} });
    const seen = { pieces: [], errors: [] };
    for await (const part of result.fullStream) {
      if (part.type === "text-delta") seen.pieces.push(part.text);
      if (part.type === "error") seen.errors.push(String(part.error));
    }
    return { ...seen, text: await result.text, steps: (await result.steps).length, usage: await result.totalUsage };
  },

  async object() {
    const { output } = await generateText({ model, maxRetries: 0, providerOptions, prompt: "How is it in Oslo?", output: Output.object({ schema: z.object({ city: z.string(), dry: z.boolean() }) }) });
    return output;
  },

  async embed() {
    const { embeddings } = await embedMany({ model: createOpenAI({ baseURL, apiKey }).embeddingModel(name), values: ["one", "two"] });
    return embeddings;
  },
};

console.log(JSON.stringify(await scenes[SCENE]()));
