
addEventListener("message", ({ data, ports: [way, told], source }) => {
  if (source !== parent || !way || !told) return;
  try {
    const reader = new Worker(URL.createObjectURL(new Blob([data], { type: "text/javascript" })));
    reader.onerror = () => told.postMessage("broken");
    reader.postMessage({}, [way]);
  } catch {
    told.postMessage("broken");
  }
});
