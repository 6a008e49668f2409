/** Which actions of the policies the pages of privacy cases ask for. */

export const NEEDS = "ReadIncidents";
export const WORK = "WorkIncidents";
export const APPROVE = "ApproveRequests";
export const DECIDE = "DecideIncidents";
export const REVIEW = "WorkIncidents";

/** Who is told that they may not see them. */
export const WHO = "Privacy cases are for privacy officers; cases about the privacy office itself are for auditors.";
