(async (js, wasm) => {
  const part = await import(js);
  await part.default({ module_or_path: wasm });
  part.hydrate();
  for (const island of document.querySelectorAll("leptos-island")) part[island.dataset.component]?.(island);
})
