// The OpenAI Agents SDK of Node, over the API `API`. Prints as JSON what an agent with a tool has said.
import { Agent, OpenAIProvider, Runner, setTracingDisabled, tool } from "@openai/agents";
import OpenAI from "openai";
import { z } from "zod";

setTracingDisabled(true);
const modelProvider = new OpenAIProvider({ openAIClient: new OpenAI({ maxRetries: 0 }), useResponses: process.env.API === "responses" });
const weather = tool({ name: "weather", description: "Tells the weather of a city.", parameters: z.object({ city: z.string() }), execute: ({ city }) => `Rain in ${city}` });
const agent = new Agent({ name: "Forecaster", instructions: "Be brief.", tools: [weather], model: process.env.MODEL });
const runner = new Runner({ modelProvider });

const whole = await runner.run(agent, "How is it in Oslo and Rome?");
const streamed = await runner.run(agent, "How is it in Oslo and Rome?", { stream: true });
let pieces = "";
for await (const piece of streamed.toTextStream()) pieces += piece;
await streamed.completed;
console.log(JSON.stringify({ whole: whole.finalOutput, streamed: streamed.finalOutput, pieces }));
