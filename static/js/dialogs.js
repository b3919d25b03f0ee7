/* Dialogs open by data-open="id", close by data-close, Escape or a click beside them. */
export function startDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open]");
    if (opener) {
      event.preventDefault();
      document.getElementById(opener.dataset.open)?.showModal();
      return;
    }
    if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
    else if (event.target instanceof HTMLDialogElement && !inside(event, event.target)) event.target.close();
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const dialog = event.target.closest?.("dialog[data-open-on-swap]") ?? event.target.querySelector?.("dialog[data-open-on-swap]");
    if (dialog && !dialog.open) dialog.showModal();
  });
}

function inside(event, dialog) {
  const box = dialog.getBoundingClientRect();
  return event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
}

/** htmx asks before it sends: in a dialog of ours, with the words of the element. */
export function startConfirm() {
  document.addEventListener("htmx:confirm", (event) => {
    if (!event.detail.question) return;
    event.preventDefault();
    const dialog = document.getElementById("ask");
    dialog.querySelector("[data-ask-text]").textContent = event.detail.question;
    dialog.returnValue = "";
    dialog.onclose = () => { if (dialog.returnValue === "yes") event.detail.issueRequest(true); };
    dialog.showModal();
  });
}
