/* Forms: number steppers, and a button that cannot be pressed twice while its answer is on the way. */
export function startForms() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-step]");
    if (!button) return;
    const input = button.closest(".stepper").querySelector("input");
    if (button.dataset.step === "up") input.stepUp(); else input.stepDown();
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    if (form.method !== "post" || form.matches("[hx-post]")) return;
    form.dataset.sent = "1";
    for (const button of form.querySelectorAll("[type=submit]")) button.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => { for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent; });
}
