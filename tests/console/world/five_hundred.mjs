/**
 * Five hundred people who work at Lakeside and whose names are no other words. Each opens the record of one patient, each runs what rules tell of. One in a hundred lives beside that patient and says that it is an emergency: they become cases (of many who do
 * alike none stands out, so not all can), and some of these are of the privacy office. The others have an appointment.
 * They stand in the exports of the offices and in what the systems write, as everybody else does; nothing is put into the node by another way.
 */

import { appendFileSync, cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createHash } from "node:crypto";
import { ROOT } from "./node.mjs";

const PARTS = ["zor", "vex", "qui", "jam", "wol", "kaz", "fyr", "nub", "pex", "gax"];
const PEOPLE = 500;
/** Who has no reason. */
const isCurious = (number) => number % 100 === 3;
/** Who of these is of the privacy office. */
const isOfOffice = (number) => number % 200 === 103;
/** Whom Lakeside's story is about, and the patient whose record she opens. */
const NURSE = "m.linnet";
const PATIENT = "700100";
/** Seconds between two of them. */
const APART = 2;
/** Records that each of them opens that evening in passing, and how many of these by appointment: against the others, which nothing explains and nothing speaks against, what the curious do stands out. */
const ORDINARY = 12;
const BY_APPOINTMENT = 4;

/** Accounts: no part of one stands in another. */
export const NAMES = Array.from({ length: PEOPLE }, (_, number) => `${[100, 10, 1].map((place) => PARTS[Math.floor(number / place) % 10]).join("")}heim`);
/** Family names: they stand in the staff list, and in what record systems write beside the account. */
const FAMILIES = NAMES.map((name) => name.replace(/heim$/, "berg"));
export const OFFICERS = NAMES.filter((_, number) => isOfOffice(number));

const ANY = /[a-z]{9}(?:heim|berg)/g;
const KNOWN = new Set([...NAMES, ...FAMILIES]);

/** Those that stand in a text, as it is or behind percent signs. */
export function namesIn(text) {
  const small = text.toLowerCase();
  return (small.match(ANY) ?? []).filter((name) => KNOWN.has(name));
}

const lines = (path) => readFileSync(join(ROOT, "fixtures/lakeside/evening", path), "utf8").trim().split("\n");
const digits = (text, count) => createHash("sha256").update(text).digest("hex").slice(0, count);

/** A line of the nurse as another would have written it, a little later: no two have one time, id or request. */
function asAnother(line, number) {
  const [name, family] = [NAMES[number], FAMILIES[number]];
  const id = (found) => found.replace(/[0-9a-f]{8,}/, (one) => digits(`${one} ${name}`, one.length));
  const later = (found) => new Date(Date.parse(`${found.replace(" ", "T").replace(/Z?$/, "Z")}`) + number * APART * 1000).toISOString().slice(0, found.length).replace("T", found.includes("T") ? "T" : " ");
  return line
    .replaceAll("Mara Linnet", `Ada ${family[0].toUpperCase()}${family.slice(1)}`)
    .replaceAll(NURSE, name)
    .replace(/"id":"[0-9a-f]{16}"/, id)
    .replace(/"value":"[0-9a-f]{8}-/g, id)
    .replace(/2026-03-18[T ]2[12]:\d\d:\d\d/g, later);
}

/** What one of them does on a machine, so that rules tell of it. */
function attack(number) {
  const at = new Date(Date.parse("2026-03-18T21:00:00Z") + number * APART * 1000).toISOString();
  const line = 'C:\\Windows\\System32\\vssadmin.exe delete shadows /all /quiet';
  return JSON.stringify({
    Event: {
      System: { Provider: { "#attributes": { Name: "Microsoft-Windows-Sysmon" } }, EventID: 1, TimeCreated: { "#attributes": { SystemTime: at } }, EventRecordID: 900_000 + number, Channel: "Microsoft-Windows-Sysmon/Operational", Computer: "WS-SURG2-02.lakeside.example" },
      EventData: { UtcTime: at.slice(0, 23).replace("T", " "), Image: "C:\\Windows\\System32\\vssadmin.exe", OriginalFileName: "VSSADMIN.EXE", CommandLine: `${line} /for=C:\\Users\\${NAMES[number]}`, User: `LAKESIDE\\${NAMES[number]}`, ParentImage: "C:\\Windows\\System32\\cmd.exe", ParentUser: `LAKESIDE\\${NAMES[number]}` },
    },
  });
}

/** The numbers of Lakeside's other patients. */
const patients = () => [...new Set(readFileSync(join(ROOT, "fixtures/lakeside/context/patients.csv"), "utf8").match(/(?<=\|)70\d{4}(?=,)/g))].filter((number) => number !== PATIENT);

/** An ordinary look at a chart, and the appointment that it was for. */
function ordinary(number, turn, numbers) {
  const patient = turn === 0 && !isCurious(number) ? PATIENT : numbers[(number * ORDINARY + turn * 7) % numbers.length];
  const at = new Date(Date.parse("2026-03-18T18:05:00Z") + (turn * PEOPLE + number) * 1000).toISOString().slice(0, 19);
  const chart = `${at.replace("T", " ")},${NAMES[number]},Ada ${FAMILIES[number]},nurse,Surgical ward 2,WS-SURG2-02,10.20.20.20,${patient},"Somebody, Else",Chart open,View,DocumentReference,N,,,`;
  return { chart, appointment: turn >= BY_APPOINTMENT ? undefined : `A${number}-${turn},|${patient},${NAMES[number]},Surgical ward 2,2026-03-18T18:00:00Z,2026-03-18T22:00:00Z,arrived` };
}

/** Lakeside's evening with all of them in it, below a folder: the logs to replay, and the exports of the offices. */
export function rendered(folder) {
  const [evening, context] = [join(folder, "evening"), join(folder, "context")];
  cpSync(join(ROOT, "fixtures/lakeside/evening"), evening, { recursive: true });
  cpSync(join(ROOT, "fixtures/lakeside/context"), context, { recursive: true });
  const opens = lines("ehr/aurora-fhir-r4.ndjson").filter((line) => line.includes(NURSE) && line.includes(`"${PATIENT}"`));
  const charts = lines("ehr/meridian-access.csv").filter((line) => line.includes(NURSE) && line.includes(`,${PATIENT},`)).slice(0, 1);
  const add = (path, each) => appendFileSync(join(evening, path), `${NAMES.flatMap((_, number) => each(number)).join("\n")}\n`);
  const curious = (all) => (number) => (isCurious(number) ? all.map((line) => asAnother(line, number)) : []);
  add("ehr/aurora-fhir-r4.ndjson", curious(opens));
  add("ehr/meridian-access.csv", curious(charts));
  add("windows/WS-SURG2-02.jsonl", (number) => [attack(number)]);
  const numbers = patients();
  const looks = NAMES.flatMap((_, number) => Array.from({ length: ORDINARY }, (_, turn) => ordinary(number, turn, numbers)));
  appendFileSync(join(evening, "ehr/meridian-access.csv"), `${looks.map(({ chart }) => chart).join("\n")}\n`);
  appendFileSync(join(context, "appointments.csv"), `appointment,patient,user,department,start,end,status\n${looks.flatMap(({ appointment }) => appointment ?? []).join("\n")}\n`);
  const staff = NAMES.map((name, number) => `${name},E9${String(number).padStart(4, "0")},${FAMILIES[number]},Ada,${isCurious(number) ? "Heron Row,14,LK2 7HN" : `Long Road,${number},LK9 9ZZ`},Lakeside,nurse,Surgical ward 2,SURG2,`);
  appendFileSync(join(context, "staff.csv"), `${staff.join("\n")}\n`);
  return { evening, context };
}
