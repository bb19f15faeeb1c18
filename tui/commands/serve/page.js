// textual.js waits for a click: what is typed is for the explorer from the beginning.
addEventListener("load", () => document.querySelector(".xterm-helper-textarea")?.focus());
