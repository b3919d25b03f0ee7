/* Runs before the first paint, so that neither theme nor rail ever jumps. Everything else is a module. */
"use strict";
{
  const root = document.documentElement;
  const read = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
  const theme = read("velox.theme") || root.dataset.theme;
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  else delete root.dataset.theme;
  if (read("velox.rail") === "slim") root.dataset.rail = "slim";
  if (read("velox.density") === "comfortable") root.dataset.density = "comfortable";
}
