export const errors = {
  offline: "The server does not answer",
  offlineHint: "Is easel serve still running? What you typed is kept.",
  server: (status: number) => `The server failed (${status})`,
  changeField: (name: string) => `Choose another value for “${name}”`,
  mustBe: {
    int: "must be a whole number",
    float: "must be a number, like 0.5",
    bool: "must be true or false",
    text: "must be a text",
  },
  unknown: "That did not work",
};
