// What stays in the notebook: the picture in the viewer's output becomes the one of the last view.

const REST_MS = 1500;
const WIDGET_VIEW = "application/vnd.jupyter.widget-view+json";

/** rested() is called after each change: when all has come to rest, Python is asked for its picture. */
export function lasting(model, isMoving) {
  const context = model.widget_manager?.context; // the notebook, in JupyterLab and Notebook 7
  let timer, isAsked;
  const moves = () => clearTimeout(timer);
  const rested = () => {
    moves();
    if (context) timer = setTimeout(ask, REST_MS);
  };
  const ask = () => {
    if (isAsked || isMoving()) return rested(); // one picture at a time
    isAsked = true;
    model.send({ kind: "picture" });
  };
  const hear = ({ kind, id, data, metadata }) => {
    if (kind === "picture" || kind === "error") isAsked = false;
    if (kind !== "picture") return;
    for (const { sharedModel } of context.model.cells)
      for (const output of sharedModel.ymodel.get("outputs") ?? []) {
        const old = output.get?.("data");
        if (old?.[WIDGET_VIEW]?.model_id !== id || old["image/png"] === data["image/png"]) continue;
        // Only what is saved is changed: a change of the output itself would draw a new viewer.
        sharedModel.transact(() => {
          output.set("data", { ...old, ...data });
          output.set("metadata", { ...output.get("metadata"), ...metadata });
        }, false);
        context.model.dirty = true;
      }
  };
  return { rested, moves, hear };
}
