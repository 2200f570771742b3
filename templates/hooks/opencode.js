// OpenCode's plugin: hands what happens to our hook, one after the other. It changes nothing and answers nobody.
import { spawn } from "node:child_process";

const HOOK = ${words};
const TOLD = new Set([
  "session.created", "session.status", "session.idle", "session.error", "permission.asked", "permission.replied",
]);

let last = Promise.resolve();

function tell(payload) {
  const call = () =>
    new Promise((done) => {
      const child = spawn(HOOK[0], HOOK.slice(1), { stdio: ["pipe", "ignore", "ignore"] });
      child.on("error", done);
      child.on("close", done);
      child.stdin.on("error", () => {});
      child.stdin.end(JSON.stringify(payload));
    });
  last = last.then(call, call);
}

export const CrewboardHook = async () => {
  if (globalThis.crewboardHook) return {};
  globalThis.crewboardHook = true;
  return {
    event: async ({ event }) => {
      if (TOLD.has(event.type)) tell({ type: event.type, properties: event.properties });
    },
    "tool.execute.before": async ({ sessionID }) => tell({ type: "tool.execute.before", properties: { sessionID } }),
    "tool.execute.after": async ({ sessionID }) => tell({ type: "tool.execute.after", properties: { sessionID } }),
  };
};
