/* Pages about oneself: copy and save what is shown once, tell the time zone, keep the theme that was chosen. */

const textOf = (id) => {
  const at = document.getElementById(id);
  const lines = [...at.querySelectorAll("li")].map((line) => line.textContent.trim());
  return lines.length ? lines.join("\n") + "\n" : at.textContent.trim();
};

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const words = button.textContent;
    try {
      await navigator.clipboard.writeText(textOf(button.dataset.copy));
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(document.getElementById(button.dataset.copy));
      button.textContent = "Press Ctrl+C";
    }
    setTimeout(() => { button.textContent = words; }, 2000);
  });
}

for (const button of document.querySelectorAll("[data-save]")) {
  button.addEventListener("click", () => {
    const file = URL.createObjectURL(new Blob([textOf(button.dataset.save)], { type: "text/plain" }));
    const link = Object.assign(document.createElement("a"), { href: file, download: button.dataset.name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(file), 1000);
  });
}

for (const field of document.querySelectorAll("[data-own-zone]")) {
  field.value ||= Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
}

document.querySelector("[data-keeps-theme]")?.addEventListener("submit", (event) => {
  const theme = event.target.elements.theme.value;
  try { localStorage.setItem("velox.theme", theme); } catch { /* the profile has it all the same */ }
});
