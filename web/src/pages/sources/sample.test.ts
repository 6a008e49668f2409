import { describe, expect, it } from "vitest";
import type { Source } from "./health";
import { anomaliesOf, anomalyCounts, anomalyWords, eventOf, questionsOf, understood } from "./sample";

const SOURCE: Source = {
  id: "it's", site: "main", listener: "relp", sender: "10.0.0.2", format: "", is_declared: true, is_care: false, is_silent: false, events_per_second_max: 0, silence_seconds: 0,
  records: 1, bytes: 1, received_last: "2026-03-18T18:00:00Z", event_last: null, lag_seconds: null, drops: {},
};

describe("the questions", () => {
  it("are about the day before the last record, and a name is a text in them whatever is in it", () => {
    expect(questionsOf(SOURCE)?.latest).toBe(
      "select event_id, time, received, class_uid, class_name, activity_name, metadata_product_name, source, rest from events where source = 'it''s' and received >= timestamp '2026-03-17T18:00:00.000Z' and event_day >= date '2026-03-17' order by received desc, position desc limit 12",
    );
  });

  it("of an importer are about all its files", () => {
    expect(questionsOf({ ...SOURCE, listener: "http", sender: "import", id: "http/import" })?.classes).toContain("starts_with(source, 'http/import/')");
    expect(questionsOf({ ...SOURCE, listener: "http", sender: "ehr", id: "http/ehr" })?.classes).toContain("source = 'http/ehr'");
  });

  it("are not asked of a source that was never heard", () => {
    expect(questionsOf({ ...SOURCE, received_last: null })).toBeUndefined();
  });
});

describe("anomalies", () => {
  it("stand among the tags of the metadata", () => {
    const rest = '{"metadata":{"tags":[{"name":"anomaly","value":"syslog_missing_zone"},{"name":"other","value":"x"},{"name":"anomaly","value":"time_of_receipt"}]}}';
    expect(anomaliesOf(rest)).toEqual(["syslog_missing_zone", "time_of_receipt"]);
    expect(anomaliesOf("{}")).toEqual([]);
    expect(anomaliesOf('{"name":"anomaly"')).toEqual([]);
  });

  it("have words, also those that nobody thought of", () => {
    expect(anomalyWords("csv_missing_zone")).toBe("The time has no zone: that of the node's site was taken.");
    expect(anomalyWords("hl7_batch_count")).toBe("Hl7 batch count.");
  });

  it("are counted, the most frequent first", () => {
    const of = (...anomalies: string[]) => ({ ...eventOf({}), anomalies });
    expect(anomalyCounts([of("b"), of("a", "c"), of("c")])).toEqual([{ name: "c", count: 2 }, { name: "a", count: 1 }, { name: "b", count: 1 }]);
  });
});

it("what has no class was not understood", () => {
  expect(understood([{ classUid: 3002, events: 10, odd: 2 }, { classUid: 0, events: 5, odd: 1 }])).toEqual({ events: 15, known: 10, odd: 3 });
});
