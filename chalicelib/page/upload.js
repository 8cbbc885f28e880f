"use strict";
// Upload by drag and drop: the API gives a presigned place, the bytes go straight to the bucket.

const UPLOAD_PREFIX = "data/in/";

async function uploadFiles(files) {
  if (session.role === "reader") {
    toast(`Nothing was uploaded: ${ONLY_OPERATORS}.`, "error");
    return;
  }
  const failed = [];
  const total = files.reduce((sum, file) => sum + file.size, 0);
  let before = 0;
  $("progress").hidden = false;
  for (const [index, file] of files.entries()) {
    const tell = (sent) => {
      $("progress-bar").value = total ? (before + sent) / total : 1;
      setText($("progress-text"), `Uploading ${index + 1} of ${files.length}: ${file.name}`);
    };
    tell(0);
    try {
      const place = await post("upload", { key: UPLOAD_PREFIX + file.name, content_type: file.type || "application/octet-stream" });
      await send(place, file, tell);
    } catch (error) {
      failed.push(`${file.name}: ${error.message}`);
    }
    before += file.size;
  }
  $("progress").hidden = true;
  const done = files.length - failed.length;
  if (done) toast(`Uploaded ${done === 1 && !failed.length ? UPLOAD_PREFIX + files[0].name : counted(done, "file")}`);
  if (failed.length) toast(`${counted(failed.length, "file")} not uploaded. ${failed.slice(0, 3).join("; ")}`, "error");
  setTimeout(refresh, 400);
}

// Only XMLHttpRequest tells how much was sent.
function send(place, file, tell) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(place.method, place.url);
    for (const [name, value] of Object.entries(place.headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => tell(event.loaded);
    request.onload = () => (request.status < 300 ? resolve() : reject(new Error(`the bucket refused it: HTTP ${request.status}`)));
    request.onerror = () => reject(new Error("the bucket could not be reached"));
    request.send(file);
  });
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
