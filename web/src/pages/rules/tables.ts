/** The decoders' tables of log sources and the names of products, as the node itself was built from them: what the console says of feeds cannot be another. */

import logSources from "../../../../crates/decode/data/log_sources.tsv?raw";
import syslogSources from "../../../../crates/decode/data/log_sources_syslog.tsv?raw";
import products from "../../../../crates/normalize/data/ocsf/products.tsv?raw";
import { tablesOf } from "./feeds";

export const TABLES = tablesOf([logSources, syslogSources], products);
