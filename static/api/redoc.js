// Redoc over this installation's own document.
const root = document.getElementById("api");

window.Redoc.init(root.dataset.schema, {}, root);
