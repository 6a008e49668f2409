//! What may be asked: one question about event tables, nothing that changes, writes, reads a file or tells of what is not the asker's.

use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionContext;

use super::error::QueryError;

/// Functions that make much of nothing: memory that no pool counts.
const BLOATING: [&str; 12] = [
    "repeat",
    "lpad",
    "rpad",
    "array_repeat",
    "list_repeat",
    "array_resize",
    "list_resize",
    "range",
    "generate_series",
    "gen_series",
    "arrow_cast",
    "space",
];
/// Table functions.
const TABLE_FUNCTIONS: [&str; 2] = ["range", "generate_series"];

/// Takes out of a session what no question needs.
pub(super) fn close(session: &SessionContext) {
    BLOATING.iter().for_each(|name| session.deregister_udf(name));
    TABLE_FUNCTIONS.iter().for_each(|name| session.deregister_udtf(name));
}

/// The plan of a question.
pub(super) async fn plan(session: &SessionContext, sql: &str) -> Result<LogicalPlan, QueryError> {
    if sql.len() > QueryError::TEXT_BYTES_MAX {
        return Err(QueryError::TooLong);
    }
    let plan = session.state().create_logical_plan(sql).await?;
    let only_questions = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    only_questions.verify_plan(&plan).map_err(|error| QueryError::NotAQuestion { what: error.strip_backtrace() })?;
    match &plan {
        // both would tell of files and counts beneath the scope
        LogicalPlan::Analyze(_) => Err(QueryError::NotAQuestion { what: "EXPLAIN ANALYZE".to_owned() }),
        LogicalPlan::Explain(explain) if explain.verbose => {
            Err(QueryError::NotAQuestion { what: "EXPLAIN VERBOSE".to_owned() })
        }
        _ => Ok(plan),
    }
}
