/** An export, from the node into a file: written as it comes where the browser can, else kept in memory up to a stated size. */

import { api, Problem, problemOf } from "../../api/client";
import type { Purpose } from "../../app/purposes";
import { bytes } from "../../app/words";
import { stretch, type Between } from "./known";

export type Format = "ndjson" | "csv";

/** Largest export of a browser that cannot write while it reads. */
export const MEMORY_BYTES_MAX = 512 * 1024 * 1024;

export interface Wanted extends Between {
  readonly filter: string;
  readonly format: Format;
  readonly purpose: Purpose;
}

/** Where the bytes go. `close` makes a file of them, `abort` leaves none. */
export interface Sink {
  readonly write: (chunk: Uint8Array) => Promise<void>;
  readonly close: () => Promise<void>;
  readonly abort: () => Promise<void>;
}

interface Handle {
  createWritable(): Promise<{ write(chunk: Uint8Array): Promise<void>; close(): Promise<void>; abort(): Promise<void> }>;
}

/** Whether the browser writes a file while it still reads. */
export function canStream(): boolean {
  return "showSaveFilePicker" in window;
}

/** Says the time of the export and nothing of what is in it. */
export function fileName(format: Format, now: Date): string {
  return `cordon-events-${now.toISOString().slice(0, 19).replaceAll(":", "").replace("T", "-")}.${format}`;
}

/** Asks where the file shall be; `undefined` when whoever was asked thought better of it. Has to be called right when something was pressed. */
export async function sinkFor(format: Format, now: Date): Promise<Sink | undefined> {
  const suggestedName = fileName(format, now);
  if (!canStream()) return memorySink(suggestedName);
  try {
    const pick = (window as unknown as { showSaveFilePicker(options: { suggestedName: string }): Promise<Handle> }).showSaveFilePicker;
    return await (await pick.call(window, { suggestedName })).createWritable();
  } catch (fault) {
    if (fault instanceof DOMException && fault.name === "AbortError") return undefined;
    throw fault;
  }
}

function memorySink(name: string): Sink {
  let chunks: Uint8Array[] = [];
  let size = 0;
  return {
    write: (chunk) => {
      size += chunk.length;
      if (size > MEMORY_BYTES_MAX) return Promise.reject(new Error(`This browser can save at most ${bytes(MEMORY_BYTES_MAX)} at a time. Choose a shorter time, or use Chromium or the command line: cordon query.`));
      chunks.push(chunk);
      return Promise.resolve();
    },
    close: () => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob(chunks as BlobPart[]));
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      return Promise.resolve();
    },
    abort: () => {
      chunks = [];
      return Promise.resolve();
    },
  };
}

/** Exports into a sink. An export that ends early leaves no file: nobody takes a part for the whole. */
export async function exportInto(sink: Sink, wanted: Wanted, signal: AbortSignal, onbytes: (all: number) => void): Promise<number> {
  let all = 0;
  try {
    const stream = await started(wanted, signal);
    for (const reader = stream.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) break;
      await sink.write(value);
      all += value.length;
      onbytes(all);
    }
    await sink.close();
    return all;
  } catch (fault) {
    await sink.abort().catch(() => undefined);
    if (signal.aborted || fault instanceof Problem || (fault instanceof Error && !(fault instanceof TypeError))) throw fault;
    throw new Error("The export was cut before its end, so no file was kept. Try again, or choose a shorter time.");
  }
}

async function started(wanted: Wanted, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  const { filter, format, purpose } = wanted;
  const params = { header: { "X-Cordon-Purpose": purpose } };
  const { data, error, response } = await api.POST("/api/v1/events/export", { params, body: { filter, format, ...stretch(wanted) }, parseAs: "stream", signal });
  if (!response.ok) throw problemOf(response.status, error);
  if (!data) throw new Error("The node sent nothing.");
  return data as ReadableStream<Uint8Array>;
}
