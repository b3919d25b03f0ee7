// Redoc over this installation's own document; its styles carry the page's nonce.
const root = document.getElementById("api");

window.Redoc.init(root.dataset.schema, { nonce: root.dataset.nonce, hideDownloadButton: false, disableSearch: false }, root);
