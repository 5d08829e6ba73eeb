// A client in a process of its own, since Node reads NODE_EXTRA_CA_CERTS only at its start: does the steps that it is given, and prints one JSON line a step.
export const settings = JSON.parse(process.env.CLIENT_TEST);

export const run = async (call, told) => {
  for (const [method, path, parameters] of settings.steps) {
    try {
      console.log(JSON.stringify({ answer: (await call(method, path, parameters)) ?? null }));
    } catch (error) {
      console.log(JSON.stringify(told(error)));
    }
  }
};
