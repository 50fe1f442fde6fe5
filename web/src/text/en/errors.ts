export const errors = {
  offline: "The server does not answer",
  offlineHint: "Is easel serve still running? What you typed is kept.",
  server: (status: number) => `The server failed (${status})`,
  changeField: (name: string) => `Choose another value for “${name}”`,
  unknown: "That did not work",
};
