"use strict";
// Upload by drag and drop: the API gives a presigned place, the bytes go straight to the bucket.

const PLACES = {
  landing: { label: "Landing bucket: each file starts its job", prefix: () => "data/in/", hint: "Files under data/in/ start their job; other places are refused, unless discovery looks into them." },
  ndjson: { label: "NDJSON bucket: files are batched", prefix: () => `${today()}/`, hint: "The first date in a key, as in 2026-01-31/, is the day of its batch; names must end as NDJSON files do." },
};

// Ask where the files go before any is sent.
function chooseUpload(files) {
  if (session.role === "reader") {
    toast(`Nothing was uploaded: ${ONLY_OPERATORS}.`, "error");
    return;
  }
  if (!files.length || !session.token) return;
  const dialog = $("confirm");
  const prefix = h("input", { id: "upload-prefix", spellcheck: "false", maxlength: 900 });
  const hint = h("p", { class: "hint" });
  const bucket = h("select", { id: "upload-bucket" }, Object.entries(PLACES).map(([name, place]) => h("option", { value: name }, place.label)));
  const offer = () => {
    prefix.value = PLACES[bucket.value].prefix();
    setText(hint, PLACES[bucket.value].hint);
  };
  bucket.addEventListener("change", offer);
  bucket.value = files.every((file) => /\.ndjson(\.gz)?$/i.test(file.name)) ? "ndjson" : "landing";
  offer();
  const act = () => {
    dialog.close();
    uploadFiles(files, bucket.value, prefix.value && !prefix.value.endsWith("/") ? `${prefix.value}/` : prefix.value);
  };
  fill($("confirm-plan"),
    h("h2", { id: "confirm-title" }, `Upload ${counted(files.length, "file")}`),
    h("p", { class: "muted" }, `${bytes(files.reduce((sum, file) => sum + file.size, 0))}: ${files.slice(0, 5).map((file) => file.name).join(", ")}${files.length > 5 ? ", …" : ""}`),
    h("div", { class: "fields" },
      h("label", { for: "upload-bucket" }, "Into"), bucket,
      h("label", { for: "upload-prefix" }, "Folder"), prefix, hint),
    h("div", { class: "row end" },
      h("button", { type: "button", class: "ghost", onclick: () => dialog.close() }, "Cancel"),
      h("button", { type: "button", class: "primary", id: "confirm-act", onclick: act }, "Upload")));
  dialog.showModal();
}

async function uploadFiles(files, bucket, prefix) {
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
      await putFile(file, bucket, prefix + file.name, tell);
    } catch (error) {
      failed.push(`${file.name}: ${error.message}`);
    }
    before += file.size;
  }
  $("progress").hidden = true;
  const done = files.length - failed.length;
  if (done) toast(`Uploaded ${done === 1 && !failed.length ? prefix + files[0].name : counted(done, "file")}`);
  if (failed.length) toast(`${counted(failed.length, "file")} not uploaded. ${failed.slice(0, 3).join("; ")}`, "error");
  setTimeout(refreshAfterAction, 400);
}

// A key takes one file; what is there is replaced on purpose only.
async function putFile(file, bucket, key, tell) {
  const asked = { bucket, key, content_type: file.type || "application/octet-stream", size: file.size };
  const taken = await send(await post("upload", asked), file, tell);
  if (!taken) return;
  if (!confirm(`${key} is there already. Replace it?`)) throw new Error("a file of that name is there already");
  if (await send(await post("upload", { ...asked, replace: true }), file, tell)) throw new Error("it changed meanwhile: look at it again");
}

// Tells whether another file is there. Only XMLHttpRequest tells how much was sent.
function send(place, file, tell) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(place.method, place.url);
    for (const [name, value] of Object.entries(place.headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => tell(event.loaded);
    request.onload = () => (request.status < 300 || request.status === 412 ? resolve(request.status === 412) : reject(new Error(`the bucket refused it: HTTP ${request.status}`)));
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
