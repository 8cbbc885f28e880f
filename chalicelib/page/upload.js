"use strict";
// Upload by drag and drop: the API gives a presigned place, the bytes go straight to the bucket.

const UPLOAD_PREFIX = "data/in/";

// Ask where the files go before any is sent.
function chooseUpload(files) {
  if (session.role === "reader") {
    toast(`Nothing was uploaded: ${ONLY_OPERATORS}.`, "error");
    return;
  }
  if (!files.length || !session.token) return;
  const dialog = $("confirm");
  const prefix = h("input", { id: "upload-prefix", value: UPLOAD_PREFIX, spellcheck: "false", maxlength: 900 });
  const act = () => {
    dialog.close();
    uploadFiles(files, prefix.value && !prefix.value.endsWith("/") ? `${prefix.value}/` : prefix.value);
  };
  fill($("confirm-plan"),
    h("h2", { id: "confirm-title" }, `Upload ${counted(files.length, "file")}`),
    h("p", { class: "muted" }, `${bytes(files.reduce((sum, file) => sum + file.size, 0))}: ${files.slice(0, 5).map((file) => file.name).join(", ")}${files.length > 5 ? ", …" : ""}`),
    h("label", { for: "upload-prefix" }, "Into this folder of the landing bucket"), prefix,
    h("p", { class: "hint" }, `Files under ${UPLOAD_PREFIX} start their job; all others are recorded.`),
    h("div", { class: "row end" },
      h("button", { type: "button", class: "ghost", onclick: () => dialog.close() }, "Cancel"),
      h("button", { type: "button", class: "primary", id: "confirm-act", onclick: act }, "Upload")));
  dialog.showModal();
}

async function uploadFiles(files, prefix) {
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
      const place = await post("upload", { key: prefix + file.name, content_type: file.type || "application/octet-stream" });
      await send(place, file, tell);
    } catch (error) {
      failed.push(`${file.name}: ${error.message}`);
    }
    before += file.size;
  }
  $("progress").hidden = true;
  const done = files.length - failed.length;
  if (done) toast(`Uploaded ${done === 1 && !failed.length ? prefix + files[0].name : counted(done, "file")}`);
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
  setText($("dropzone-prefix"), "into a folder that you choose next");
  const picker = h("input", { type: "file", multiple: true, class: "hidden", id: "file-picker", "aria-label": "Files to upload", tabindex: "-1" });
  picker.addEventListener("change", () => { chooseUpload([...picker.files]); picker.value = ""; });
  document.body.append(picker);
  addEventListener("dragenter", (event) => { if (holdsFiles(event)) zone.hidden = false; });
  addEventListener("dragover", (event) => { if (holdsFiles(event)) event.preventDefault(); });
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) zone.hidden = true; });
  addEventListener("drop", (event) => {
    zone.hidden = true;
    if (!holdsFiles(event)) return;
    event.preventDefault();
    chooseUpload([...event.dataTransfer.files]);
  });
}
