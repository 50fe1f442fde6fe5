// Before the first paint: the theme that was chosen. Without a choice the system's holds (styles.css).
try {
  const theme = localStorage.getItem("easel.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // a browser that keeps nothing shows the system's theme
}
