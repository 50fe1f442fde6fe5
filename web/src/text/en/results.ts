export const results = {
  title: "Results",
  empty: "No results yet",
  emptyHint: "What you generate is kept here.",
  emptyAction: "Make a picture",
};
