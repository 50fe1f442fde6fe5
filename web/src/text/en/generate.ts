export const generate = { title: "Generate" };
