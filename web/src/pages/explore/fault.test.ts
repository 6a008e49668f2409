import { expect, it } from "vitest";
import { filterFault, letterAt, sqlFault } from "./fault";

it("a fault of a filter has its place in letters and what was meant", () => {
  const filter = "user:é usr:x";
  const fault = filterFault("The filter at byte 8: there is no field `usr`; did you mean `user`?", filter);
  expect(filter.slice(fault.from, fault.to)).toBe("usr");
  expect(fault.instead).toBe("user");
  expect(fault.message).toBe("There is no field `usr`; did you mean `user`?");
});

it("a fault at the end has no letters and stays within the text", () => {
  const fault = filterFault("The filter at byte 5: a value is missing here.", "user:");
  expect([fault.from, fault.to, fault.isPlaced]).toEqual([5, 5, true]);
});

it("what names no place is shown as it is", () => {
  expect(filterFault("`from` lies before `until`.", "x")).toMatchObject({ isPlaced: false, message: "`from` lies before `until`." });
});

it("bytes are letters of any script", () => {
  expect(letterAt("aé€😀b", 1)).toBe(1);
  expect(letterAt("aé€😀b", 3)).toBe(2);
  expect(letterAt("aé€😀b", 6)).toBe(3);
  expect(letterAt("aé€😀b", 10)).toBe(5);
  expect(letterAt("ab", 99)).toBe(2);
});

it("a fault of SQL says what, where, and not how the engine is called", () => {
  const at = sqlFault('The query cannot be understood: SQL error: ParserError("Expected: an expression, found: fro at Line: 2, Column: 3").', "select\n  fro events");
  expect([at.from, at.to, at.message]).toEqual([9, 12, "Expected: an expression, found: fro."]);
  const table = sqlFault("The query cannot be understood: Error during planning: table 'datafusion.public.evnts' not found.", "select 1 from evnts");
  expect([table.from, table.to, table.message]).toEqual([14, 19, "Table 'evnts' not found."]);
  const near = sqlFault("The query cannot be understood: Schema error: No field named actor_user_nam. Did you mean 'events.actor_user_name'?.\nValid fields are events.event_id.", "select actor_user_nam from events");
  expect([near.from, near.to, near.instead]).toEqual([7, 21, "actor_user_name"]);
  const field = sqlFault("The query cannot be understood: Schema error: No field named foo.\nValid fields are events.event_id, events.time.", "select foo from events");
  expect([field.from, field.to, field.message]).toEqual([7, 10, "No field named foo. Ctrl Space shows the columns there are."]);
});
