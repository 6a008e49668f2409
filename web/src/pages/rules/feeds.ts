/**
 * Whether anything that was received could make a rule fire, as far as the stored events tell. A rule names a log source (product, category, service). Which records belong to one is decided by the decoders' own tables,
 * which are read here too; what an event keeps of its record is product, log, event code and class (`crates/normalize/src/ocsf/metadata.rs`). From these follow the log sources that events belong to for certain, and those
 * that they may belong to. What cannot be told is said to be so, never guessed.
 */

export interface LogSource {
  readonly product: string;
  readonly category: string;
  readonly service: string;
}

/** Events of one kind that were received. Log in lower case. */
export interface Heard {
  readonly product: string;
  readonly log: string;
  readonly classUid: number;
  readonly code: string;
  readonly events: number;
}

/** Rows of the table for one value that a decoder looks up. */
interface Key {
  readonly kind: string;
  readonly key: string;
  readonly rows: readonly { readonly id: string; readonly source: LogSource }[];
  /** Names of products that its events bear. */
  readonly names: ReadonlySet<string>;
}

export interface Tables {
  readonly keys: readonly Key[];
}

/** `heard`: events of it came. `perhaps`: events came that may belong to it. `silent`: none came. `untold`: events do not show it. `unread`: no decoder gives it. `hidden`: whoever asks may not see such events. */
export type Verdict = "heard" | "perhaps" | "silent" | "untold" | "unread" | "hidden";

export interface Feed {
  readonly verdict: Verdict;
  readonly events: number;
  /** What was heard, as `product log`. */
  readonly of: readonly string[];
}

/** Kinds whose key is the name of the log that events keep. */
const LOG_KINDS: ReadonlySet<string> = new Set(["windows_channel", "zeek_path", "syslog_app", "esxi_app", "fortigate_type", "panos_type"]);
/** Kinds of which nothing stands in events: that none were seen says nothing. */
const UNSEEN: ReadonlySet<string> = new Set(["cef_vendor", "leef_vendor", "w3c_software"]);
/** What a product without a name is called: the format. */
const FORMATS: Readonly<Record<string, string>> = { weblog: "weblog", w3c_software: "w3c" };
const AUDIT: Readonly<Record<number, string>> = { 1007: "exec", 4001: "connect", 1001: "create" };

/** Every record of our own categories gets the class of its category, so a class says it for certain (`docs/specs/healthcare-taxonomy.md`). */
const HEALTH: Readonly<Record<number, string>> = { 87006001: "record_access", 87006002: "dicom_activity", 87006003: "hl7_message", 87006004: "medical_device" };
const HEALTH_WORDS: ReadonlySet<string> = new Set(Object.values(HEALTH));

function rowsOf(text: string): readonly (readonly string[])[] {
  return text.split("\n").filter((line) => line && !line.startsWith("#")).map((line) => line.split("\t").map((cell) => (cell === "-" ? "" : cell)));
}

/** The decoders' tables and the names of products (`log_sources.tsv`, `log_sources_syslog.tsv`, `products.tsv`). */
export function tablesOf(sources: readonly string[], products: string): Tables {
  const named = rowsOf(products);
  const nameOf = (kind: string, { product, service }: LogSource) => {
    if (!product) return FORMATS[kind] ?? "";
    return named.find(([of, only]) => of === product && (!only || only === service))?.[2] ?? product;
  };
  const keys = new Map<string, { kind: string; key: string; rows: { id: string; source: LogSource }[] }>();
  for (const [kind = "", key = "", id = "", product = "", category = "", service = ""] of sources.flatMap(rowsOf)) {
    const known = keys.get(`${kind}\t${key}`) ?? { kind, key, rows: [] };
    known.rows.push({ id, source: { product, category, service } });
    keys.set(`${kind}\t${key}`, known);
  }
  return { keys: [...keys.values()].map((key) => ({ ...key, names: new Set(key.rows.map((row) => nameOf(key.kind, row.source))) })) };
}

/** The values that a decoder may have looked up for such events; none when they do not tell. */
function candidates({ product, log, classUid }: Heard, { keys }: Tables): readonly Key[] {
  const of = (kind: string, key: string) => keys.filter((one) => one.kind === kind && one.key === key);
  if (product === "Linux Audit") return of("audit_kind", AUDIT[classUid] ?? "any");
  if (product === "Sysmon for Linux") return of("linux_sysmon", "sysmon");
  if (product === "Windows" && log === "dns-server-debug" && classUid === 4003) return of("windns", "packet");
  if (product === "Linux" && log === "kernel" && classUid === 4001) return of("syslog_content", "netfilter");
  const own = keys.filter((one) => one.names.has(product));
  const byLog = own.filter((one) => LOG_KINDS.has(one.kind) && one.key.toLowerCase() === log);
  if (byLog.length > 0) return byLog;
  const byService = own.filter((one) => one.rows.some(({ id, source }) => !id && source.service.toLowerCase() === log));
  if (byService.length > 0) return byService;
  const other = own.filter((one) => one.key === "*");
  return other.length > 0 ? other : own.filter((one) => one.rows.some(({ id, source }) => !id && !source.service));
}

const named = ({ product, category, service }: LogSource) => `${product}/${category}/${service}`;

interface Belongs {
  readonly certain: readonly LogSource[];
  readonly possible: readonly LogSource[];
}

/** The log sources of such events. */
export function belongs(heard: Heard, tables: Tables): Belongs {
  const sets = candidates(heard, tables).map(({ rows }) => rows.filter(({ id }) => !id || id === heard.code).map(({ source }) => source));
  const possible = sets.flat();
  const [first = [], ...others] = sets;
  const certain = first.filter((source) => others.every((set) => set.some((other) => named(other) === named(source))));
  const category = HEALTH[heard.classUid];
  return { certain: category ? [...certain, { product: "healthcare", category, service: "" }] : certain, possible };
}

/** Whether a rule on these words (`windows/process_creation`: product, category, service, those that it names) looks at a log source. */
export function looks(words: string, { product, category, service }: LogSource): boolean {
  let place = 0;
  const wanted = words.split("/");
  for (const own of [product, category, service]) if (place < wanted.length && own !== "" && own === wanted[place]) place += 1;
  return place === wanted.length;
}

export interface Seen {
  readonly heard: readonly Heard[];
  /** There were more kinds of events than were counted. */
  readonly isCut: boolean;
  /** Whoever asks may see events of records of patients only. */
  readonly isHealthOnly: boolean;
}

function isHealth(words: string): boolean {
  return HEALTH_WORDS.has(words.replace(/^healthcare\//, ""));
}

export type FeedOf = (words: string) => Feed;

/** Whether log sources were heard. Many rules name the same: what was found of one is remembered. */
export function feeder(seen: Seen, tables: Tables): FeedOf {
  const told = seen.heard.map((heard) => ({ heard, ...belongs(heard, tables) }));
  const known = new Map<string, Feed>();
  return (words) => {
    const feed = known.get(words) ?? feedOf(words, told, seen, tables);
    known.set(words, feed);
    return feed;
  };
}

function feedOf(words: string, told: readonly (Belongs & { readonly heard: Heard })[], seen: Seen, tables: Tables): Feed {
  if (!words) return { verdict: "untold", events: 0, of: [] };
  if (seen.isHealthOnly && !isHealth(words)) return { verdict: "hidden", events: 0, of: [] };
  const certain = told.filter((one) => one.certain.some((source) => looks(words, source)));
  if (certain.length > 0) return feed("heard", certain.map((one) => one.heard));
  const possible = told.filter((one) => one.possible.some((source) => looks(words, source)));
  if (possible.length > 0) return feed("perhaps", possible.map((one) => one.heard));
  return { verdict: unheard(words, seen, tables), events: 0, of: [] };
}

function unheard(words: string, { isCut }: Seen, { keys }: Tables): Verdict {
  const feeding = keys.filter((one) => one.rows.some(({ source }) => looks(words, source)));
  if (isCut) return "untold";
  if (isHealth(words)) return "silent";
  // which device spoke stands in no event
  if (words.includes("medical_device")) return "untold";
  if (feeding.length === 0) return "unread";
  return feeding.some((one) => UNSEEN.has(one.kind)) ? "untold" : "silent";
}

function feed(verdict: Verdict, heard: readonly Heard[]): Feed {
  const of = [...new Set(heard.map((one) => (one.product.toLowerCase() === one.log ? one.product : `${one.product} ${one.log}`.trim())))];
  return { verdict, events: heard.reduce((sum, one) => sum + one.events, 0), of };
}

/** What several feeds are worth to a rule that needs all of them, or any. */
export function together(verdicts: readonly Verdict[], needsAll: boolean): Verdict {
  const has = (verdict: Verdict) => verdicts.includes(verdict);
  if (verdicts.length === 0) return "untold";
  const dead = verdicts.find((verdict) => verdict === "silent" || verdict === "unread");
  if (needsAll && dead) return dead;
  if (!needsAll && has("heard")) return "heard";
  const unsure = (["perhaps", "untold", "hidden"] as const).find(has);
  return unsure ?? dead ?? "heard";
}

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** The question: kinds of events received since a moment. Event codes only where a log source depends on them. */
export function question(since: Date, { keys }: Tables): string {
  const codes = new Map<string, Set<string>>();
  for (const { kind, key, rows } of keys) {
    const ids = rows.filter((row) => row.id && ["windows_channel", "windows_provider", "linux_sysmon"].includes(kind));
    for (const { id, source } of ids) {
      for (const log of [key.toLowerCase(), source.service.toLowerCase()].filter(Boolean)) codes.set(log, (codes.get(log) ?? new Set()).add(id));
    }
  }
  const cases = [...codes].map(([log, ids]) => `when lower(metadata_log_name) = ${quoted(log)} and metadata_event_code in (${[...ids].map(quoted).join(", ")}) then metadata_event_code`);
  const code = cases.length > 0 ? `case ${cases.join(" ")} end` : "null";
  const from = since.toISOString();
  return `select metadata_product_name as product, lower(metadata_log_name) as log, class_uid, ${code} as code, count(*) as events from events where received >= timestamp ${quoted(from)} and event_day >= date ${quoted(from.slice(0, 10))} group by 1, 2, 3, 4 order by events desc`;
}

export function heardOf(row: Readonly<Record<string, unknown>>): Heard {
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  return { product: text(row["product"]), log: text(row["log"]), classUid: Number(row["class_uid"] ?? 0), code: text(row["code"]), events: Number(row["events"] ?? 0) };
}

export const VERDICT_NAMES: Readonly<Record<Verdict, string>> = {
  heard: "Fed",
  perhaps: "May be fed",
  silent: "Not fed",
  untold: "Cannot be told",
  unread: "No reader",
  hidden: "Not yours to see",
};

export const VERDICT_MEANS: Readonly<Record<Verdict, string>> = {
  heard: "Events that it looks at came.",
  perhaps: "Events came that may be what it looks at: what is kept of them does not tell.",
  silent: "No event that it looks at came. It could not fire.",
  untold: "Stored events do not show whether what it looks at came.",
  unread: "No reader of this node gives the log source that it names. It cannot fire.",
  hidden: "Your roles see events about records of patients only.",
};

export const VERDICT_TONES = { heard: "good", perhaps: "plain", silent: "bad", untold: "plain", unread: "bad", hidden: "plain" } as const;
