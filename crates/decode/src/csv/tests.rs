//! Tests of the table decoder: presets, mapping files, damaged rows.

use std::sync::Arc;

use proptest::prelude::*;

use super::{Csv, Mapping, with_presets};
use crate::stream_check::{check_cut_everywhere, options, read, read_in_steps};
use crate::{Confidence, DecodeOptions, Format};

const OPENEMR: &str = "id,date,event,category,user,groupname,comments,user_notes,patient_id,success,crt_user,log_from,menu_item_id,ccda_doc_id\n\
    7,2026-01-02 03:04:05,patient-record-select,Patient,nurse1,Default,\"SELECT *\nFROM patient_data WHERE pid = ? ('12')\",,12,1,,open-emr,0,0\n";

#[test]
fn a_row_gives_its_columns_in_the_sources_own_names() {
    let seen = read(&Csv, OPENEMR.as_bytes());
    let expect = [
        "id=7",
        "date=2026-01-02 03:04:05",
        "event=patient-record-select",
        "category=Patient",
        "user=nurse1",
        "groupname=Default",
        "comments=SELECT *\nFROM patient_data WHERE pid = ? ('12')",
        "user_notes=",
        "patient_id=12",
        "success=1",
        "crt_user=",
        "log_from=open-emr",
        "menu_item_id=0",
        "ccda_doc_id=0",
        "csv.mapping=openemr_log",
    ];
    assert_eq!(seen.records, [expect]);
    assert_eq!(seen.times, ["2026-01-02T03:04:05.000000Z"]);
    assert_eq!(seen.anomalies, [["csv_missing_zone"]]);
    assert_eq!(seen.sources, [["healthcare/record_access/", "openemr//log"]]);
    assert_eq!(seen.patient, [["\"SELECT *\nFROM patient_data WHERE pid = ? ('12')\"", "12"]]);
}

/// The cells of one row that identify a patient: every column but the first holds its own name.
fn check_identifying(header: &str, expect: &[&str]) {
    let row = header.replacen("time", "2026-01-02T03:04:05Z", 1);
    let seen = read(&Csv, format!("{header}\n{row}\n").as_bytes());
    assert_eq!(seen.patient, [expect], "{header}");
}

#[test]
fn columns_whose_names_say_so_identify_a_patient_in_tables_of_every_mapping() {
    let personal = "last_name,First Name,address,phone,email,dob,name";
    let all = ["last_name", "First Name", "address", "phone", "email", "dob", "name"];
    check_identifying(
        &format!("time,user,user_name,user_email,patient_id,action,ip_address,{personal}"),
        &[&["patient_id"], &all[..]].concat(),
    );
    check_identifying(&format!("time,mrn,unit,host,{personal}"), &[&["mrn"], &all[..]].concat());
    check_identifying("time,Surname,unit,ProcessName,ip_address", &["Surname"]);
    check_identifying("time,name,city,host", &[]);
}

#[test]
fn a_header_chooses_its_mapping_by_its_columns() {
    let check = |header: &str, mapping: &str| {
        let seen = read(&Csv, format!("{header}\n").repeat(1).as_bytes());
        assert_eq!(seen.records.len(), 0);
        let row = header.split(',').map(|_| "1").collect::<Vec<_>>().join(",");
        let seen = read(&Csv, format!("{header}\n{row}\n").as_bytes());
        assert_eq!(seen.records[0].last().unwrap(), &format!("csv.mapping={mapping}"), "{header}");
    };
    check("id,date,event,user,recipient,patient_id,description", "openemr_extended_log");
    check(
        "log_id,user_id,patient_id,ip_address,method,request,request_url,request_body,response,created_time",
        "openemr_api_log",
    );
    check(
        "UserID,RecordID,RecordType,TypeofAction,JustificationText,AccessedDTTM,DeviceUsed,PatientID",
        "touchworks_audit_log",
    );
    check("ACCESS_TIME,USER_ID,USER_NAME,PAT_ID,METRIC_NAME,WORKSTATION_ID,DEPARTMENT", "epic_access_log");
    check("Event Date/Time,User Name,Patient Name,MRN,Event Name,Application", "p2sentinel");
    check("time,user,patient_id,action,ip", "access");
    check("time,user,patient_id,action,workstation", "access");
    check("access_time,user_id,mrn,access_action,workstation_id", "access");
    check("access_time,user_id,mrn,access_action,workstation_id,metric_id", "epic_access_log");
    check("a,b,c", "generic");
}

#[test]
fn any_usual_delimiter_is_found_and_a_byte_order_mark_passed_over() {
    for delimiter in [",", ";", "\t", "|"] {
        let text =
            "\u{feff}time,user,what\r\n2026-01-02T00:00:00Z,\"a \"\"b\"\", c\",x\r\n\r\n".replace(',', delimiter);
        let seen = read(&Csv, text.as_bytes());
        let user = format!("user=a \"b\"{delimiter} c");
        assert_eq!(
            seen.records,
            [["time=2026-01-02T00:00:00Z", &user, "what=x", "csv.mapping=generic"]],
            "{delimiter:?}"
        );
        assert_eq!((seen.times[0].as_str(), seen.anomalies[0].len()), ("2026-01-02T00:00:00.000000Z", 0));
    }
    let excel = read(&Csv, b"sep=;\na;b;c\n1;2;3\n");
    assert_eq!(excel.records, [["a=1", "b=2", "c=3", "csv.mapping=generic"]]);
}

#[test]
fn rows_that_do_not_fit_are_kept_and_named() {
    let check = |row: &str, fields: &[&str], anomaly: &str| {
        let seen = read(&Csv, format!("a,b,c\n{row}").as_bytes());
        let last = seen.records.len() - 1;
        assert_eq!(seen.records[last][..seen.records[last].len() - 1], *fields, "{row}");
        assert!(seen.anomalies[last].contains(&anomaly), "{row}: {:?}", seen.anomalies);
    };
    check("1,2\n", &["a=1", "b=2"], "csv_fewer_cells");
    check("1,2,3,4\n", &["a=1", "b=2", "c=3", "column_4=4"], "csv_more_cells");
    check("1,\"2,3\n", &["a=1", "b=2,3"], "csv_quote_unclosed");
    check("1,\"2\"x,3\n", &["a=1", "b=\"2\"x", "c=3"], "csv_text_after_quote");
    check("1,2,3\n", &["a=1", "b=2", "c=3"], "csv_missing_time");
}

#[test]
fn an_unclosed_quotation_mark_costs_one_row_only() {
    let seen = read(&Csv, b"a,b,c\n1,\"2,3\n4,5,6\n");
    assert_eq!(seen.records.len(), 2);
    assert_eq!(seen.records[1][..3], ["a=4", "b=5", "c=6"]);
}

#[test]
fn bytes_that_are_not_utf8_are_read_as_windows_1252() {
    let seen = read(&Csv, b"a,b,c\nZo\xEB,2,3\n");
    assert_eq!(seen.records[0][0], "a=Zo\u{eb}");
    assert!(seen.anomalies[0].contains(&"csv_not_utf8"));
}

#[test]
fn a_row_over_the_limit_is_left_out_and_the_next_is_read() {
    let input = format!("a,b,c\n1,{},3\n4,5,6\n", "x".repeat(5000));
    for step in [1, 64, 100_000] {
        let limited = DecodeOptions { record_bytes_max: 1000, ..options() };
        let seen = read_in_steps(&Csv, limited, input.as_bytes(), step);
        assert_eq!((seen.records.len(), seen.faults.len()), (1, 1), "step {step}");
        assert_eq!(seen.faults[0], (6, "record_too_long"), "step {step}");
    }
}

#[test]
fn a_users_mapping_comes_before_the_presets() {
    let mapping =
        "name\tward_book\nneeds\tnurse\nneeds\tbed\ntime\tday+clock\t%d.%m.%Y %H:%M\nmask\tBed No*\npatient\tfile_no\n";
    let mine = DecodeOptions { csv_mappings: with_presets(vec![Mapping::parse(mapping).unwrap()]), ..options() };
    let input = b"day;clock;nurse;bed;bed_no_old;file no\n02.01.2026;03:04;Ann;3;4;99\n";
    let seen = read_in_steps(&Csv, mine, input, 1000);
    assert_eq!(seen.records[0].last().unwrap(), "csv.mapping=ward_book");
    assert_eq!(seen.times, ["2026-01-02T03:04:00.000000Z"]);
    assert_eq!(seen.patient, [["4", "99"]]);
    assert!(Arc::strong_count(&super::presets()) >= 1);
}

#[test]
fn only_tables_are_taken_for_tables() {
    let check = |head: &str, expect| assert_eq!(Csv.sniff(head.as_bytes(), true), expect, "{head}");
    check(OPENEMR, Confidence::Likely);
    check("a,b,c\n1,2,3\n", Confidence::Likely);
    check("a,b,c\n1,2\n", Confidence::No);
    check("a,b\n1,2\n", Confidence::No);
    check("a,b,c\n", Confidence::No);
    check("a,a,c\n1,2,3\n", Confidence::No);
    check("{\"a\":1,\"b\":2}\n{\"a\":1,\"b\":2}\n", Confidence::No);
    check(
        "Jan  2 03:04:05 host sshd[1]: one, two, three\nJan  2 03:04:05 host sshd[1]: one, two, three\n",
        Confidence::No,
    );
    check("<13>1 a,b,c\n", Confidence::No);
    check("", Confidence::No);
}

#[test]
fn a_source_cut_anywhere_or_arriving_in_pieces_is_read_alike() {
    check_cut_everywhere(&Csv, OPENEMR.as_bytes());
    check_cut_everywhere(&Csv, b"a;b;c\r\n1;\"2\"\";\r\n\";3\r\n4;5;6");
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), tail in "[a,\"\n\r;]{0,40}") {
        read(&Csv, &bytes);
        let mut table = b"a,b,date\n".to_vec();
        table.extend_from_slice(&bytes);
        table.extend_from_slice(tail.as_bytes());
        read(&Csv, &table);
        read_in_steps(&Csv, options(), &table, 5);
        Csv.sniff(&table, false);
    }

    #[test]
    fn what_is_written_quoted_is_read_back(cells in proptest::collection::vec("[a-z,;\"\n\r ]{0,12}", 3)) {
        let quoted: Vec<String> = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
        let seen = read(&Csv, format!("a,b,c\n{}\n", quoted.join(",")).as_bytes());
        let expect: Vec<String> = ["a", "b", "c"].iter().zip(&cells).map(|(name, cell)| format!("{name}={cell}")).collect();
        prop_assert_eq!(&seen.records[0][..3], &expect[..]);
    }
}
