"use strict";
// Upload by drag and drop: the API gives a presigned place, the bytes go straight to the bucket.

const UPLOAD_PREFIX = "data/in/";

async function uploadFiles(files) {
  for (const file of files) {
    const key = UPLOAD_PREFIX + file.name;
    try {
      let reply = await putFile(file, key, false);
      if (reply.status === 412) {
        if (!confirm(`${key} is there already. Replace it?`)) continue;
        reply = await putFile(file, key, true);
      }
      if (!reply.ok) throw new Error(`The bucket refused ${file.name}: HTTP ${reply.status}`);
      toast(`Uploaded ${key}`);
      setTimeout(refresh, 400);
    } catch (error) {
      toast(error instanceof TypeError ? `The bucket could not be reached for ${file.name}.` : error.message, "error");
    }
  }
}

async function putFile(file, key, replace) {
  const place = await post("upload", { key, content_type: file.type || "application/octet-stream", size: file.size, replace });
  return fetch(place.url, { method: place.method, headers: place.headers, body: file });
}

function holdsFiles(event) {
  return [...(event.dataTransfer?.types || [])].includes("Files");
}

function installDrop() {
  const zone = $("dropzone");
  setText($("dropzone-prefix"), `into ${UPLOAD_PREFIX}`);
  const picker = h("input", { type: "file", multiple: true, class: "hidden", id: "file-picker", "aria-label": "Files to upload", tabindex: "-1" });
  picker.addEventListener("change", () => { uploadFiles([...picker.files]); picker.value = ""; });
  document.body.append(picker);
  addEventListener("dragenter", (event) => { if (holdsFiles(event)) zone.hidden = false; });
  addEventListener("dragover", (event) => { if (holdsFiles(event)) event.preventDefault(); });
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) zone.hidden = true; });
  addEventListener("drop", (event) => {
    zone.hidden = true;
    if (!holdsFiles(event)) return;
    event.preventDefault();
    uploadFiles([...event.dataTransfer.files]);
  });
}
